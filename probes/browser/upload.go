package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"outrider/checks"
	"outrider/probes"
)

// upload chooses files in a file input, or in the file chooser that a button
// opens.
func (j *journey) upload(ctx context.Context, a *checks.Upload, t *timing) error {
	l, err := locate(a.Target, j.scope)
	if err != nil {
		return err
	}
	paths, err := j.tab.lay(a.Files)
	if err != nil {
		return err
	}
	s, err := j.waitFor(ctx, "files", l.String(), map[string]any{"target": l, "several": len(paths) > 1})
	if err != nil {
		return err
	}
	j.aimed = s.view
	if s.Mode == "button" {
		return j.uploadByChooser(ctx, s.view.host.target, a, paths, t)
	}
	return j.follow(ctx, t, func() error {
		input, err := s.view.object(ctx, "fileInput")
		if err != nil {
			return j.lost(ctx, err)
		}
		_, err = callIn(ctx, s.view.host.target, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: input})
		return j.lost(ctx, err)
	})
}

// uploadByChooser clicks what opens a file chooser, and chooses in its place.
func (j *journey) uploadByChooser(ctx context.Context, session *chromedp.Target, a *checks.Upload, paths []string, t *timing) error {
	opened, stop := session.Subscribe(page.FileChooserOpened.Method)
	defer stop()
	if _, err := callIn(ctx, session, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{Enabled: true}); err != nil {
		return j.lost(ctx, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = callIn(ctx, session, page.SetInterceptFileChooserDialog, page.SetInterceptFileChooserDialogParams{})
	}()
	began := time.Now()
	if err := j.click(ctx, &checks.Click{Target: a.Target}, 1, t); err != nil {
		return err
	}
	var chooser page.EventFileChooserOpened
	select {
	case raw := <-opened:
		if err := jsonv2.Unmarshal(raw, &chooser, chromedp.DefaultUnmarshalOptions); err != nil {
			return fmt.Errorf("decode the file chooser: %w", err)
		}
	case <-ctx.Done():
		if err := j.tab.reason(ctx, ctx.Err()); !timedOut(err) {
			return err
		}
		return failf(probes.FailElement, "the click opened no file chooser %s", patience(ctx, began))
	}
	if len(paths) > 1 && chooser.Mode != page.FileChooserOpenedModeSelectMultiple {
		return failf(probes.FailElement, "the file chooser takes one file only, not %d", len(paths))
	}
	if chooser.BackendNodeID == 0 {
		return failf(probes.FailElement, "the file chooser is not that of a file input: files cannot be chosen in it")
	}
	return j.follow(ctx, t, func() error {
		_, err := callIn(ctx, session, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, BackendNodeID: chooser.BackendNodeID})
		return j.lost(ctx, err)
	})
}

// lay writes files where the browser can read them, until the page is closed:
// a page may read what was chosen long after.
func (t *tab) lay(files []checks.File) ([]string, error) {
	dir, err := t.folder("up")
	if err != nil {
		return nil, err
	}
	// Of each upload its own, since two may have files of one name.
	if dir, err = os.MkdirTemp(dir, ""); err != nil {
		return nil, fmt.Errorf("lay out files to choose: %w", err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, filepath.Base(f.Name))
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			return nil, fmt.Errorf("lay out files to choose: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// folder gives a folder of the page, in the browser's profile; it goes when the
// page is closed.
func (t *tab) folder(kind string) (string, error) {
	dir := filepath.Join(t.process.profile.dir, kind+"-"+string(t.target.TargetID))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for files: %w", err)
	}
	t.folders = append(t.folders, dir)
	return dir, nil
}

// object gives the element that a method of js/page.js has put into a field.
func (v *view) object(ctx context.Context, field string) (runtime.RemoteObjectID, error) {
	world := v.world
	if v.outer == nil {
		world = v.tab.observer.currentWorld()
	}
	res, err := callIn(ctx, v.host.target, runtime.CallFunctionOn, runtime.CallFunctionOnParams{
		FunctionDeclaration: "() => outrider." + field, UniqueContextID: world, Silent: new(true),
	})
	if err == nil && (res.ExceptionDetails != nil || res.Result.ObjectID == "") {
		return "", errFrameGone
	}
	if err != nil {
		return "", v.failed(ctx, err)
	}
	return res.Result.ObjectID, nil
}
