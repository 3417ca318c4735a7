package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"

	"outrider/probes"
)

const (
	// filmWidth and filmHeight bound a frame, in pixels.
	filmWidth, filmHeight = 320, 320
	filmColumns           = 6
	// filmQuality is that of JPEG, 0 to 100.
	filmQuality = 60
	// filmCadence is the shortest time between two frames; it doubles each time
	// that the film is full and every other frame goes.
	filmCadence, longestCadence = 100 * time.Millisecond, 10 * time.Second
	// filmRest is for how long nothing must change before a film ends, and
	// filmPatience how long that may take.
	filmRest, filmPatience = 150 * time.Millisecond, 600 * time.Millisecond
	// maxFrame bounds one frame as it comes, in bytes.
	maxFrame = 256 << 10
	// frameTime bounds what one frame of a journey with secrets may take.
	frameTime = 500 * time.Millisecond
)

// film collects pictures of the page in front whenever it looks different. The
// browser itself sends them as it draws (Page.startScreencast), small and
// compressed, and waits for each to be acknowledged: so nothing is drawn for us, a
// page at rest costs nothing, and the time until we acknowledge is the cadence.
//
// In a journey with secrets such a frame only says that something has changed:
// it cannot be told any more where in it a secret was shown. A picture of our
// own is taken then, in the way that evidence is; it is a little later.
type film struct {
	j      *journey
	ctx    context.Context // done when no more is taken
	stop   context.CancelFunc
	tab    *tab // the page that is filmed
	frames chan filmed
	came   chan struct{} // a frame did
	over   sync.WaitGroup

	// The rest is of the goroutine that takes the frames, until it is over.
	taken   []taken
	cadence time.Duration
	last    []byte // as it came last
	leftOut int
}

// filmed is a frame as it comes, and the page that it shows.
type filmed struct {
	tab   *tab
	frame *page.EventScreencastFrame
}

// taken is one frame.
type taken struct {
	at   time.Time
	data []byte // JPEG
}

// startFilm begins a film of the journey; it gives nil if none is wanted.
func (j *journey) startFilm(ctx context.Context) (*film, error) {
	if !j.keeping.Film.Possible(j.keeping.draw) {
		return nil, nil
	}
	f := &film{j: j, frames: make(chan filmed, 4), came: make(chan struct{}, 1), cadence: filmCadence}
	f.ctx, f.stop = context.WithCancel(ctx)
	f.over.Go(f.roll)
	if err := f.turnTo(j.tab, j.tab.target); err != nil {
		f.end()
		return nil, fmt.Errorf("start the film: %w", err)
	}
	return f, nil
}

// turnTo films another page from now on, which is told so in a session of it.
func (f *film) turnTo(t *tab, session cdp.Session) error {
	f.leave()
	f.tab = t
	t.observer.setCamera(func(frame *page.EventScreencastFrame) {
		select {
		case f.frames <- filmed{t, frame}:
		default: // a page sends one at a time, since it is to be acknowledged
		}
	})
	_, err := callIn(f.ctx, session, page.StartScreencast, page.StartScreencastParams{
		Format: page.StartScreencastFormatJpeg, Quality: new(int64(filmQuality)), MaxWidth: filmWidth, MaxHeight: filmHeight, MaxFramesInFlight: 1, SendLastFrame: new(true),
	})
	return err
}

// leave films nothing for now.
func (f *film) leave() {
	if f.tab != nil {
		f.tab.observer.setCamera(nil)
		_, _ = callIn(f.ctx, unheard(f.tab), page.StopScreencast, cdp.Empty{}) // it may be gone
		f.tab = nil
	}
}

// follow films the page that is in front now. The journey does not wait for it.
func (f *film) follow(t *tab) {
	if f != nil && t != f.tab {
		_ = f.turnTo(t, unheard(t)) // it may be gone
	}
}

// end waits until no more frames are taken.
func (f *film) end() {
	f.leave()
	f.stop()
	f.over.Wait()
}

// roll takes frames as they come.
func (f *film) roll() {
	for {
		select {
		case <-f.ctx.Done():
			return
		case one := <-f.frames:
			began := time.Now()
			f.take(one)
			select {
			case f.came <- struct{}{}:
			default:
			}
			select {
			case <-time.After(f.cadence - time.Since(began)):
			case <-f.ctx.Done():
			}
			_, _ = callIn(f.ctx, unheard(one.tab), page.ScreencastFrameAck, page.ScreencastFrameAckParams{SessionID: one.frame.SessionID})
		}
	}
}

// rest waits until the last of what the journey set off has been drawn.
func (f *film) rest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, filmPatience)
	defer cancel()
	for {
		select {
		case <-f.came:
		case <-time.After(filmRest):
			return
		case <-ctx.Done():
			return
		}
	}
}

// take keeps a frame if it looks different from the one before.
func (f *film) take(one filmed) {
	frame := one.frame
	if len(frame.Data) == 0 || len(frame.Data) > maxFrame || bytes.Equal(frame.Data, f.last) {
		return
	}
	f.last = frame.Data
	t := taken{at: time.Now(), data: frame.Data}
	if m := frame.Metadata; m != nil && m.Timestamp > 0 {
		t.at = earlier(clockTime(float64(m.Timestamp)), t.at)
	}
	if len(f.j.secrets.known()) > 0 {
		ctx, cancel := context.WithTimeout(f.ctx, frameTime)
		defer cancel()
		of := &journey{tab: one.tab, secrets: f.j.secrets} // whatever page is in front
		picture, err := of.picture(ctx)
		if err == nil {
			picture, err = shrink(picture)
		}
		if err != nil {
			f.leftOut++
			return
		}
		t = taken{at: time.Now(), data: picture}
	}
	if len(f.taken) >= probes.MaxFilmFrames {
		for i := range len(f.taken) / 2 {
			f.taken[i] = f.taken[2*i]
		}
		f.taken = f.taken[:len(f.taken)/2]
		f.cadence = min(2*f.cadence, longestCadence)
	}
	f.taken = append(f.taken, t)
}

// shrink makes a picture as small as a frame.
func shrink(data []byte) ([]byte, error) {
	full, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode the picture: %w", err)
	}
	from := full.Bounds()
	scale := min(float64(filmWidth)/float64(from.Dx()), float64(filmHeight)/float64(from.Dy()), 1)
	small := image.NewRGBA(image.Rect(0, 0, max(1, int(float64(from.Dx())*scale)), max(1, int(float64(from.Dy())*scale))))
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			small.Set(x, y, full.At(from.Min.X+int((float64(x)+.5)/scale), from.Min.Y+int((float64(y)+.5)/scale)))
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: filmQuality}); err != nil {
		return nil, fmt.Errorf("encode the picture: %w", err)
	}
	return out.Bytes(), nil
}

// develop ends the film, gives the steps that opened a page their Speed Index,
// and keeps the film if it is wanted.
func (f *film) develop(ctx context.Context, began time.Time) {
	f.rest(ctx)
	f.end()
	j := f.j
	var shots []shot
	for _, t := range f.taken {
		if picture, err := jpeg.Decode(bytes.NewReader(t.data)); err == nil {
			shots = append(shots, shot{at: t.at, picture: picture, colours: coloursOf(picture)})
		}
	}
	if len(shots) == 0 {
		return
	}
	progress := make([]*float64, len(shots))
	for i, v := range j.opened {
		if v.opened == nil || v.step >= len(j.result.Steps) {
			continue
		}
		if index, seen := speedIndex(shots, v.from, j.undisturbed(i), progress); seen {
			j.result.Steps[v.step].SpeedIndex = &index
		}
	}
	if !j.keeping.Film.Wanted(j.result.Outcome == probes.Failed, j.keeping.draw) {
		return
	}
	size := shots[len(shots)-1].picture.Bounds().Size()
	if size.X > filmWidth || size.Y > filmHeight {
		size = image.Pt(min(size.X, filmWidth), min(size.Y, filmHeight))
	}
	told := probes.Film{Width: size.X, Height: size.Y, Columns: filmColumns, LeftOut: f.leftOut}
	canvas := image.NewRGBA(image.Rect(0, 0, size.X*min(filmColumns, len(shots)), size.Y*((len(shots)+filmColumns-1)/filmColumns)))
	for i, s := range shots {
		at := image.Pt(i%filmColumns*size.X, i/filmColumns*size.Y)
		draw.Draw(canvas, image.Rectangle{at, at.Add(size)}, s.picture, s.picture.Bounds().Min, draw.Src)
		told.Frames = append(told.Frames, probes.FilmFrame{At: max(s.at.Sub(began), 0), Step: j.stepAt(s.at), Progress: progress[i]})
	}
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, canvas, &jpeg.Options{Quality: filmQuality}); err != nil || picture.Len() > maxPicture {
		return
	}
	text, err := json.Marshal(told)
	if err != nil {
		return
	}
	j.keep(probes.FilmName, "application/json", "", text)
	j.keep(probes.FilmPictureName, "image/jpeg", "", picture.Bytes())
}

// undisturbed gives the time until which a page that a step opened was left to
// itself: the start of the next step that does something to it.
func (j *journey) undisturbed(opened int) time.Time {
	for _, v := range j.opened[opened+1:] {
		if v.step >= len(j.result.Steps) {
			break
		}
		switch j.result.Steps[v.step].Verb {
		case "expect", "wait", "screenshot":
		default:
			return v.from
		}
	}
	return time.Now()
}

// setCamera says what takes frames, without waiting; nil: nothing.
func (o *observer) setCamera(take func(*page.EventScreencastFrame)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.camera = take
}
