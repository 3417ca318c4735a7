package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // the format in which pictures come that have to be worked on
	"math"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"

	"outrider/checks"
	"outrider/probes"
)

const (
	// evidenceTime bounds what is spent on a failed page after its time, and
	// textTime the part of it that its text may take.
	evidenceTime = 2 * time.Second
	textTime     = time.Second
	// maxPageText bounds the text that is kept of a page, in bytes.
	maxPageText = 64 << 10
	// maxTitle bounds the page's title in it, in bytes.
	maxTitle = 1000
	// maxPicture bounds one picture, in bytes.
	maxPicture = 2 << 20
	// maxArtifacts bounds the number of artifacts of a run.
	maxArtifacts = 32
	// pictureQuality is that of JPEG, 0 to 100: text stays readable.
	pictureQuality = 70
)

// keepEvidence keeps what the page looks like, what can be read on it, and
// what it said on its console. What a page does not give in time is left out.
func (j *journey) keepEvidence(ctx context.Context, failed checks.Step) {
	step := failed.Name
	// The journey's time may be over: this is on ours.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), evidenceTime)
	defer cancel()
	stop := context.AfterFunc(j.tab.ctx, cancel)
	defer stop()

	text, responsive := j.pageText(ctx)
	j.keep("page.txt", "text/plain; charset=utf-8", step, []byte(text))
	j.tab.observer.mu.Lock()
	said := j.tab.observer.console.text()
	j.tab.observer.mu.Unlock()
	if said != "" {
		j.keep("console.txt", "text/plain; charset=utf-8", step, []byte(said))
	}
	if !responsive {
		return // there will be no picture, either
	}
	j.markTargets(ctx, failed.Action)
	if picture, err := j.picture(ctx); err == nil {
		j.keep("failure.jpg", "image/jpeg", step, picture)
	}
	j.unmarkTargets(ctx)
	j.keepDOM(ctx, step)
}

// pageText gives the page's address, title and visible text, and whether the
// page answered.
func (j *journey) pageText(ctx context.Context) (text string, responsive bool) {
	ctx, cancel := context.WithTimeout(ctx, textTime)
	defer cancel()
	var page struct {
		URL, Title, Text string
		Cut              bool
	}
	err := inWorld(ctx, j.tab, "text", func() any { return map[string]any{"limit": 2 * maxPageText} }, &page)
	if err != nil {
		page.URL, page.Text = j.tab.observer.current().url, "(the page did not give its text: it does not respond)"
	}
	shown := j.secrets.hide(page.Text)
	if page.Cut && len(shown) < maxPageText {
		// Most of it was secrets: what it ends with may be the half of one.
		shown = checks.Redacted
	}
	title := shorten(j.secrets.hide(page.Title), maxTitle)
	text = fmt.Sprintf("Address: %s\nTitle: %s\n\n%s\n", page.URL, title, shown)
	return shorten(strings.ToValidUTF8(j.secrets.hide(text), "\uFFFD"), maxPageText), err == nil
}

// screenshot keeps a picture of the page.
func (j *journey) screenshot(ctx context.Context, a *checks.Screenshot, t *timing) error {
	began := time.Now()
	picture, err := j.picture(ctx)
	// Taking it is our wish, not the customer's.
	t.end = time.Now()
	t.own = t.end.Sub(began)
	if err != nil {
		if err = j.tab.reason(ctx, err); timedOut(err) {
			return failf(probes.FailTimeout, "the page could not be pictured in time: it does not respond")
		}
		return err
	}
	name := a.Name
	if name == "" {
		name = j.step
	}
	j.keep(name+".jpg", "image/jpeg", j.step, picture)
	return nil
}

// keep adds an artifact under a name that is unique in the run and safe as a
// file's.
func (j *journey) keep(name, mediaType, step string, data []byte) {
	if len(j.result.Artifacts) >= maxArtifacts || j.kept+len(data) > maxKept {
		return
	}
	j.kept += len(data)
	name = j.fileName(j.secrets.hide(name))
	j.result.Artifacts = append(j.result.Artifacts, probes.Artifact{
		Name: name, MediaType: mediaType, Step: step, Bytes: int64(len(data)), Data: data,
	})
}

// fileName makes a plain file name that no other artifact has.
func (j *journey) fileName(wanted string) string {
	stem, extension := wanted, ""
	if i := strings.LastIndexByte(wanted, '.'); i >= 0 {
		stem, extension = wanted[:i], wanted[i:]
	}
	stem = strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		}
		return '-'
	}, stem), "-")
	stem = stem[:min(len(stem), 60)]
	if stem == "" {
		stem = "picture"
	}
	for n := 1; ; n++ {
		name := stem + extension
		if n > 1 {
			name = fmt.Sprintf("%s-%d%s", stem, n, extension)
		}
		taken := false
		for _, a := range j.result.Artifacts {
			taken = taken || strings.EqualFold(a.Name, name)
		}
		if !taken {
			return name
		}
	}
}

// rect is a box in CSS pixels of the viewport.
type rect struct{ X, Y, Width, Height float64 }

// picture takes a JPEG of what can be seen, with everything blackened that
// shows a secret. Without knowing where secrets are shown there is no picture.
func (j *journey) picture(ctx context.Context) ([]byte, error) {
	before, err := j.secretBoxes(ctx)
	if err != nil {
		return nil, err
	}
	hiding := len(j.secrets.known()) > 0
	params := page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatJpeg, Quality: new(int64(pictureQuality)), OptimizeForSpeed: new(true),
	}
	if hiding {
		params = page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, OptimizeForSpeed: new(true)}
	}
	shot, err := call(ctx, j.tab, page.CaptureScreenshot, params)
	if err != nil {
		return nil, err
	}
	data := shot.Data
	if hiding {
		// What moved while the picture was taken is blackened in both places.
		after, err := j.secretBoxes(ctx)
		if err != nil {
			return nil, err
		}
		if data, err = blacken(data, append(before, after...)); err != nil {
			return nil, err
		}
	}
	if len(data) > maxPicture {
		return nil, fmt.Errorf("the picture has %d bytes, more than %d", len(data), maxPicture)
	}
	return data, nil
}

// secretBoxes gives the boxes of everything in view that shows a secret.
func (j *journey) secretBoxes(ctx context.Context) ([]rect, error) {
	values := j.secrets.known()
	if len(values) == 0 {
		return nil, nil
	}
	var boxes []rect
	err := inWorld(ctx, j.tab, "secrets", func() any { return map[string]any{"values": values, "frames": j.tab.framed} }, &boxes)
	return boxes, err
}

// blacken paints boxes of a picture black and gives it as JPEG.
func blacken(data []byte, boxes []rect) ([]byte, error) {
	decoded, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	canvas := image.NewRGBA(decoded.Bounds())
	draw.Draw(canvas, canvas.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	const margin = 2 // letters reach over their box
	for _, b := range boxes {
		area := image.Rect(pixel(b.X)-margin, pixel(b.Y)-margin, pixel(b.X+b.Width)+1+margin, pixel(b.Y+b.Height)+1+margin)
		draw.Draw(canvas, area.Intersect(canvas.Bounds()), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, canvas, &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil, fmt.Errorf("encode the picture: %w", err)
	}
	return out.Bytes(), nil
}

// pixel makes a whole coordinate that no box can take out of range.
func pixel(v float64) int {
	return int(math.Floor(max(-1e6, min(v, 1e6))))
}
