package browser

import (
	"image"
	"time"
)

// shot is a frame as the Speed Index needs it.
type shot struct {
	at      time.Time
	picture image.Image
	colours *colours
}

// colours counts the pixels of a picture by the value of each channel: red,
// green, blue.
type colours [3][256]int

func coloursOf(p image.Image) *colours {
	var c colours
	b := p.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			red, green, blue, _ := p.At(x, y).RGBA()
			c[0][red>>8]++
			c[1][green>>8]++
			c[2][blue>>8]++
		}
	}
	return &c
}

// progressOf is how much of the way from one picture to another a third has
// gone, 0 to 1, by the difference of their histograms: of each value of each
// channel, what has changed already of what will change in the end, never more
// than that. ok is false if nothing changes.
func progressOf(start, now, end *colours) (progress float64, ok bool) {
	var total, done int
	for channel := range start {
		for value := range start[channel] {
			whole := end[channel][value] - start[channel][value]
			part := now[channel][value] - start[channel][value]
			if whole < 0 {
				whole, part = -whole, -part
			}
			total += whole
			done += max(0, min(part, whole))
		}
	}
	if total == 0 {
		return 0, false
	}
	return float64(done) / float64(total), true
}

// speedIndex is the Speed Index of the page that a step opened, in
// milliseconds, by the histogram method of WebPageTest, who invented it: the
// area above the curve of visual progress, from the step's start until nothing
// changes any more before the next step that does something to the page. What could be seen at the start is
// that: white before the first page, else the page before. It notes the
// progress of each frame. seen is false if nothing changed.
func speedIndex(shots []shot, from, next time.Time, progress []*float64) (index float64, seen bool) {
	var start *colours
	var within []int
	for i, s := range shots {
		switch {
		case !s.at.After(from):
			start = s.colours
		case !s.at.After(next):
			within = append(within, i)
		}
	}
	if len(within) == 0 {
		return 0, false
	}
	if start == nil {
		size := shots[within[0]].picture.Bounds().Size()
		start = &colours{}
		for channel := range start {
			start[channel][255] = size.X * size.Y
		}
	}
	end := shots[within[len(within)-1]].colours
	last, done := from, 0.
	for _, i := range within {
		index += (1 - done) * float64(shots[i].at.Sub(last)) / float64(time.Millisecond)
		p, ok := progressOf(start, shots[i].colours, end)
		if !ok {
			return 0, false
		}
		last, done = shots[i].at, p
		progress[i] = new(float64(int(p*1000)) / 1000)
	}
	return round(index), true
}
