package browser

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// modifiers are the names of the keys that are held while another is pressed.
var modifiers = map[string]struct {
	bit kb.Modifier
	key rune
}{
	"Control": {kb.ModifierCtrl, '\u0105'},
	"Ctrl":    {kb.ModifierCtrl, '\u0105'},
	"Shift":   {kb.ModifierShift, '\u010d'},
	"Alt":     {kb.ModifierAlt, '\u0102'},
	"Meta":    {kb.ModifierMeta, '\u0109'},
}

// chord is a key with the modifiers that are held with it.
type chord struct {
	held []kb.Modifier
	keys []*kb.Key // those of the modifiers
	key  *kb.Key
}

// parseChord reads a key or chord, such as "Enter", "a" or "Control+Shift+A".
func parseChord(text string) (chord, error) {
	var c chord
	rest := text
	for {
		name, after, more := strings.Cut(rest, "+")
		m, isModifier := modifiers[name]
		if !more || !isModifier || after == "" {
			break
		}
		c.held = append(c.held, m.bit)
		c.keys = append(c.keys, kb.Keys[m.key])
		rest = after
	}
	if c.key = findKey(rest); c.key == nil {
		return chord{}, fmt.Errorf("there is no key %q: write one character, or a name such as Enter, Tab, Escape, ArrowDown, with Control+, Shift+, Alt+ or Meta+ before it", text)
	}
	return c, nil
}

// findKey gives the key of a name or character, or nil.
func findKey(name string) *kb.Key {
	if m, ok := modifiers[name]; ok {
		return kb.Keys[m.key]
	}
	switch name {
	case "Space":
		name = " "
	case "Esc":
		name = "Escape"
	case "Return":
		name = "Enter"
	case "":
		return nil
	}
	if r, size := utf8.DecodeRuneInString(name); size == len(name) {
		if k := kb.Keys[r]; k != nil {
			return k
		}
		if r < ' ' || r == utf8.RuneError {
			return nil
		}
		return &kb.Key{Key: name, Text: name, Unmodified: name, Print: true}
	}
	var found *kb.Key
	var at rune
	for r, k := range kb.Keys {
		// Some names stand for several keys; the first is the common one.
		if k.Key == name && (found == nil || r < at) {
			found, at = k, r
		}
	}
	return found
}

// events gives the input events of a chord in order, while modifiers are held
// that an earlier step pressed.
func (c chord) events(held kb.Modifier) []input.DispatchKeyEventParams {
	var events []input.DispatchKeyEventParams
	before := held
	for i, k := range c.keys {
		held |= c.held[i]
		events = append(events, keyEvent(kb.KeyRawDown, k, held))
	}
	if c.key.Shift {
		held |= kb.ModifierShift
	}
	down := keyEvent(kb.KeyRawDown, c.key, held)
	// With Control, Alt or Meta a key gives a command, not a character.
	if c.key.Print && held&^kb.ModifierShift == 0 {
		down.Type = kb.KeyDown
		down.Text, down.UnmodifiedText = c.key.Text, c.key.Unmodified
	}
	events = append(events, down, keyEvent(kb.KeyUp, c.key, held))
	for i := len(c.keys) - 1; i >= 0; i-- {
		held &^= c.held[i] &^ before
		events = append(events, keyEvent(kb.KeyUp, c.keys[i], held))
	}
	return events
}

// keyEvent makes one event.
func keyEvent(kind input.DispatchKeyEventType, k *kb.Key, held kb.Modifier) input.DispatchKeyEventParams {
	return input.DispatchKeyEventParams{
		Type: kind, Key: k.Key, Code: k.Code,
		NativeVirtualKeyCode: k.Native, WindowsVirtualKeyCode: k.Windows,
		Modifiers: held.Int64(),
	}
}

// press sends a chord to whatever has the focus.
func (j *journey) press(ctx context.Context, c chord) error {
	for _, event := range c.events(j.held) {
		if _, err := call(ctx, j.tab, input.DispatchKeyEvent, event); err != nil {
			return j.inputError(ctx, err)
		}
	}
	return nil
}
