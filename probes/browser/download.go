package browser

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	jsonv2 "github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"outrider/checks"
	"outrider/probes"
)

// maxDownload bounds what a step loads, in bytes. What a journey checks is a
// price list or an invoice, not a disk image.
const maxDownload = 100 << 20

// fileAwaited is a file that a step loads.
type fileAwaited struct {
	tab              *tab
	dir              string
	begins, progress <-chan jsonv2.Value
	unsubscribe      func()
}

// awaitFile lets a page of the journey load files, into a folder of its own.
func (j *journey) awaitFile(ctx context.Context) (*fileAwaited, error) {
	dir, err := j.tab.folder("down")
	if err != nil {
		return nil, err
	}
	f := &fileAwaited{tab: j.tab, dir: dir}
	session := chromedp.FromContext(j.tab.ctx).Browser
	begins, stopBegins := session.Subscribe(browser.DownloadWillBegin.Method)
	progress, stopProgress := session.Subscribe(browser.DownloadProgress.Method)
	f.begins, f.progress = begins, progress
	f.unsubscribe = func() {
		stopBegins()
		stopProgress()
	}
	err = f.tab.onDownload(ctx, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir,
	})
	if err != nil {
		f.unsubscribe()
		return nil, j.lost(ctx, err)
	}
	return f, nil
}

// onDownload says what becomes of the files that pages of the tab's context
// load. The browser tells of such files or does not, whatever context they are
// of, as it was told last: so it is always told to, or a page that is opened
// would hide the file that another journey waits for.
func (t *tab) onDownload(ctx context.Context, params browser.SetDownloadBehaviorParams) error {
	params.BrowserContextID, params.EventsEnabled = t.context, new(true)
	_, err := cdp.Call(ctx, chromedp.FromContext(t.ctx).Browser, browser.SetDownloadBehavior, params)
	return err
}

// stop lets nothing through any more and removes what came.
func (f *fileAwaited) stop() {
	ctx, cancel := context.WithTimeout(f.tab.ctx, time.Second)
	defer cancel()
	_ = f.tab.onDownload(ctx, browser.SetDownloadBehaviorParams{Behavior: browser.SetDownloadBehaviorBehaviorDeny})
	f.unsubscribe()
	_ = os.RemoveAll(f.dir) // what cannot be removed goes with the profile
}

// fileCame waits for the file that a step loads, and checks it.
func (j *journey) fileCame(ctx context.Context, h *happening, t *timing) error {
	f := h.awaiting
	begun, err := f.begin(ctx)
	if err != nil {
		return j.late(ctx, err, probes.FailPage, "the step loaded no file", h.began)
	}
	size, err := f.finish(ctx, begun.GUID)
	switch {
	case errors.Is(err, errTooLarge):
		return failf(probes.FailAssertion, "the file %q is larger than %d MiB: it was not loaded", j.cut(begun.SuggestedFilename), maxDownload>>20)
	case errors.Is(err, errCanceled):
		return failf(probes.FailPage, "the file %q was not loaded: the download broke off after %d bytes", j.cut(begun.SuggestedFilename), size)
	case err != nil:
		return j.late(ctx, err, probes.FailTimeout, fmt.Sprintf("the file %q was not there", j.cut(begun.SuggestedFilename)), h.began)
	}
	t.end = time.Now()
	return j.checkFile(h.options.Download, begun, filepath.Join(f.dir, filepath.Base(begun.GUID)))
}

var (
	errTooLarge = errors.New("the file is too large")
	errCanceled = errors.New("the download was canceled")
)

// begin waits until a page of the journey begins to load a file.
func (f *fileAwaited) begin(ctx context.Context) (begun browser.EventDownloadWillBegin, err error) {
	for {
		select {
		case raw := <-f.begins:
			begun = browser.EventDownloadWillBegin{}
			if err := jsonv2.Unmarshal(raw, &begun, chromedp.DefaultUnmarshalOptions); err != nil {
				return begun, fmt.Errorf("decode the download: %w", err)
			}
			// Other journeys in the same browser load files, too.
			own, err := f.tab.owns(ctx, begun.FrameID)
			if own || err != nil {
				return begun, err
			}
		case <-ctx.Done():
			return begun, ctx.Err()
		}
	}
}

// owns tells whether a frame is one of the page's.
func (t *tab) owns(ctx context.Context, frame cdp.FrameID) (bool, error) {
	if frame == cdp.FrameID(t.target.TargetID) {
		return true, nil
	}
	if h := t.hosts[frame]; h != nil {
		return true, nil
	}
	tree, err := call(ctx, t, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return false, err
	}
	return inTree(tree.FrameTree, frame), nil
}

func inTree(tree *page.FrameTree, frame cdp.FrameID) bool {
	if tree == nil {
		return false
	}
	if tree.Frame.ID == frame {
		return true
	}
	for _, child := range tree.ChildFrames {
		if inTree(child, frame) {
			return true
		}
	}
	return false
}

// finish waits until a file is there and gives its size in bytes.
func (f *fileAwaited) finish(ctx context.Context, guid string) (int64, error) {
	cancel := func() {
		ctx, cancel := context.WithTimeout(f.tab.ctx, time.Second)
		defer cancel()
		_, _ = cdp.Call(ctx, chromedp.FromContext(f.tab.ctx).Browser, browser.CancelDownload, browser.CancelDownloadParams{GUID: guid, BrowserContextID: f.tab.context})
	}
	for {
		select {
		case raw := <-f.progress:
			var p browser.EventDownloadProgress
			if err := jsonv2.Unmarshal(raw, &p, chromedp.DefaultUnmarshalOptions); err != nil {
				return 0, fmt.Errorf("decode the download: %w", err)
			}
			switch {
			case p.GUID != guid:
			case max(p.TotalBytes, p.ReceivedBytes) > maxDownload:
				cancel()
				return int64(p.ReceivedBytes), errTooLarge
			case p.State == browser.DownloadProgressStateCanceled:
				return int64(p.ReceivedBytes), errCanceled
			case p.State == browser.DownloadProgressStateCompleted:
				return int64(p.ReceivedBytes), nil
			}
		case <-ctx.Done():
			cancel()
			return 0, ctx.Err()
		}
	}
}

// checkFile holds a file against what it must be like.
func (j *journey) checkFile(d *checks.Download, begun browser.EventDownloadWillBegin, path string) error {
	size, sum, kind, err := inspectFile(path)
	if err != nil {
		return err
	}
	if given := j.tab.observer.typeOf(begun.URL); given != "" {
		kind = given
	}
	for _, c := range []struct {
		what      string
		condition *checks.Condition
		got       any
		shown     string
	}{
		{"name", d.Name, begun.SuggestedFilename, begun.SuggestedFilename},
		{"size in bytes", d.Size, float64(size), fmt.Sprint(size)},
		{"type", d.Type, kind, kind},
	} {
		if c.condition == nil {
			continue
		}
		ok, err := c.condition.Holds(c.got, j.scope)
		if err != nil {
			return &failure{kind: probes.FailAssertion, message: fmt.Sprintf("the file's %s: %s", c.what, err), expected: c.condition.String(), got: c.shown}
		}
		if !ok {
			f := failf(probes.FailAssertion, "the file's %s is %s, expected %s", c.what, j.cut(c.shown), c.condition)
			f.expected, f.got = c.condition.String(), c.shown
			return f
		}
	}
	if d.SHA256 != "" && d.SHA256 != sum {
		return &failure{
			kind: probes.FailAssertion, message: fmt.Sprintf("the file %q has another content: its SHA-256 checksum is %s", j.cut(begun.SuggestedFilename), sum),
			expected: d.SHA256, got: sum,
		}
	}
	return nil
}

// inspectFile gives a file's size in bytes, its SHA-256 checksum in
// hexadecimal, and the media type that its content looks like.
func inspectFile(path string) (size int64, sum, kind string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", "", fmt.Errorf("read the file that was loaded: %w", err)
	}
	defer f.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, "", "", fmt.Errorf("read the file that was loaded: %w", err)
	}
	hash := sha256.New()
	hash.Write(head[:n])
	rest, err := io.Copy(hash, f)
	if err != nil {
		return 0, "", "", fmt.Errorf("read the file that was loaded: %w", err)
	}
	kind, _, err = mime.ParseMediaType(http.DetectContentType(head[:n]))
	if err != nil {
		kind = "application/octet-stream"
	}
	return int64(n) + rest, hex.EncodeToString(hash.Sum(nil)), kind, nil
}
