package recording

import (
	"fmt"
	"slices"

	"outrider/checks/draft"
)

// act is what one or several steps of a recording come to.
type act struct {
	*Step
	// do is the step's type, or press for a key's way down and up.
	do        string
	key       string // of press, keyDown and keyUp, as definitions write it
	modifiers []string
	// merged are further steps that it stands for.
	merged []*Step
	gone   bool
}

// collapse makes of steps what a person would tell: a press of a key for its
// ways down and up, one change of a field for the click into it and every
// letter. What is left out without being part of another step is noted.
func (t *translation) collapse(steps []Step) []act {
	acts := make([]act, len(steps))
	for i := range steps {
		acts[i] = act{Step: &steps[i], do: steps[i].Type}
	}
	t.holdModifiers(acts)
	t.pressKeys(acts)
	acts = slices.DeleteFunc(acts, func(a act) bool { return a.gone })
	return fillFields(acts)
}

// holdModifiers gives what is done while Shift, Control, Alt or Meta is held
// that modifier, and takes its ways down and up out.
func (t *translation) holdModifiers(acts []act) {
	for i := range acts {
		a := &acts[i]
		name, is := modifiers[a.Key]
		if a.gone || a.do != "keyDown" || !is {
			continue
		}
		end := slices.IndexFunc(acts[i+1:], func(b act) bool { return b.do == "keyUp" && modifiers[b.Key] == name })
		if end < 0 {
			a.gone = true
			t.note(a.Step, "the key is never released: it is left out")
			continue
		}
		inside := acts[i+1 : i+1+end]
		used, plain := false, true
		for _, b := range inside {
			switch {
			case b.do == "change": // what was typed is in its value
				used = true
			case b.do == "click" || b.do == "doubleClick":
				used = true
			case b.do == "keyDown" || b.do == "keyUp":
				used = used || modifiers[b.Key] == ""
			default:
				plain = false
			}
		}
		if !plain {
			a.key, acts[i+1+end].key = name, name
			continue // written as key_down and key_up
		}
		a.gone, acts[i+1+end].gone = true, true
		for j := range inside {
			b := &inside[j]
			if b.do == "keyDown" && modifiers[b.Key] == name {
				b.gone = true // the key repeats while it is held
			} else if b.do != "change" && !slices.Contains(b.modifiers, name) {
				b.modifiers = append(b.modifiers, name)
			}
		}
		if !used {
			t.note(a.Step, "%s is pressed alone, which does nothing: it is left out", name)
		}
	}
}

// pressKeys makes presses of the ways down and up of other keys.
func (t *translation) pressKeys(acts []act) {
	for i := range acts {
		a := &acts[i]
		if a.gone || a.key != "" || a.do != "keyDown" && a.do != "keyUp" {
			continue
		}
		key, ok := t.keyName(a.Key)
		a.key = key
		if !ok {
			if modifiers[a.Key] != "" && a.do == "keyUp" {
				a.gone = true
				t.note(a.Step, "the key was never pressed: it is left out")
			}
			continue // remarked on at its place
		}
		if a.do == "keyUp" {
			a.gone = true
			t.note(a.Step, "the key %s was pressed before the recording began, or its release came too late: it is left out", cut(key))
			continue
		}
		a.do = "press"
		for j := i + 1; j < len(acts); j++ {
			b := &acts[j]
			if b.do == "keyUp" && b.Key == a.Key {
				b.gone = true
				a.merged = append(a.merged, b.Step)
				break
			}
			if b.do == "keyDown" && b.Key == a.Key {
				break // it repeats while it is held
			}
			if b.do == "keyDown" || b.do == "keyUp" || b.do == "change" || b.do == "navigate" || b.do == "waitForElement" || b.do == "waitForExpression" || b.do == "setViewport" {
				continue
			}
			// Something is done while the key is held, if it is released at all.
			up := slices.IndexFunc(acts[j:], func(c act) bool { return (c.do == "keyUp" || c.do == "keyDown") && c.Key == a.Key })
			if up >= 0 && acts[j+up].do == "keyUp" {
				a.do = "keyDown"
				acts[j+up].key = a.key
			}
			break
		}
	}
}

// fillFields makes one change of everything that was done to a field.
func fillFields(acts []act) []act {
	var out []act
	last := func() *act {
		if len(out) == 0 {
			return nil
		}
		return &out[len(out)-1]
	}
	for i := range acts {
		a := acts[i]
		if a.do == "change" {
			a = absorb(a, &out)
		} else if before := last(); before != nil && before.do == "press" && before.key == "Tab" && len(before.Events) == 0 && a.do == "click" && len(before.modifiers) == 0 && samePlace(before.Step, a.Step) {
			out = out[:len(out)-1] // the next field is clicked anyway
			a.merged = append(a.merged, before.Step)
		}
		if a.gone {
			continue
		}
		out = append(out, a)
	}
	return out
}

// absorb takes off the end of out what belongs to a change.
func absorb(a act, out *[]act) act {
	list := *out
	enter := -1
	for len(list) > 0 {
		b := &list[len(list)-1]
		typed := isTyped(b) && typedInto(list, &a)
		switch {
		case typed:
			// Letters come with the value.
		case b.do == "press" && b.key == "Tab" && len(b.Events) == 0 && len(list) > 1 && (list[len(list)-2].do == "change" || list[len(list)-2].do == "click"):
			// The way from field to field.
		case b.do == "change" && sameElement(b.Step, a.Step):
		case b.do == "click" && sameElement(b.Step, a.Step) && plainClick(b) && !isToggle(a.Step):
		case b.do == "click" && sameElement(b.Step, a.Step) && isToggle(a.Step):
			b.merged = append(b.merged, a.Step) // the click did it
			a.gone = true
			*out = list
			return a
		case b.do == "press" && b.key == "Enter" && enter < 0 && len(list) > 1 && sameElement(list[len(list)-2].Step, a.Step):
			// The field's change is reported when Enter leaves it. If the value is
			// known already there is nothing new; else Enter comes after it.
			if list[len(list)-2].do == "change" && list[len(list)-2].Value == a.Value {
				b.merged = append(b.merged, a.Step)
				a.gone = true
				*out = list
				return a
			}
			enter = len(list) - 1
			pressed := *b
			list = list[:len(list)-1]
			if a = absorb(a, &list); !a.gone {
				list = append(list, a)
			}
			*out = list
			return pressed
		default:
			*out = list
			return a
		}
		a.merged = append(a.merged, b.Step)
		a.merged = append(a.merged, b.merged...)
		list = list[:len(list)-1]
	}
	*out = list
	return a
}

// isTyped tells whether a press is one of those that write.
func isTyped(a *act) bool {
	return a.do == "press" && len(a.Events) == 0 &&
		(len([]rune(a.key)) == 1 || slices.Contains([]string{"Space", "Backspace", "Delete", "ArrowLeft", "ArrowRight", "Home", "End"}, a.key))
}

// typedInto tells whether the presses at the end of a list went into the field
// of a change: it was clicked or changed before. Else they are a short cut of
// the page.
func typedInto(list []act, a *act) bool {
	for i := len(list) - 1; i >= 0; i-- {
		if !isTyped(&list[i]) {
			return (list[i].do == "click" || list[i].do == "change") && sameElement(list[i].Step, a.Step)
		}
	}
	return false
}

func plainClick(a *act) bool {
	return len(a.Events) == 0 && (a.Button == "" || a.Button == "primary") && len(a.modifiers) == 0
}

// isToggle tells whether a change is that of a check box or radio button.
func isToggle(s *Step) bool {
	h := hintsOf(s.Selectors)
	return s.Value == "on" || h.role == "checkbox" || h.role == "radio"
}

func samePlace(a, b *Step) bool { return a.Target == b.Target }

// sameElement tells whether two steps are about one element.
func sameElement(a, b *Step) bool {
	if a.Target != b.Target || !slices.Equal(a.Frame, b.Frame) {
		return false
	}
	for _, x := range a.Selectors {
		for _, y := range b.Selectors {
			if slices.Equal(x, y) {
				return true
			}
		}
	}
	return false
}

// events are the asserted events of all steps that an act stands for.
func (a *act) events() []Event {
	events := a.Events
	for _, s := range a.merged {
		events = append(events[:len(events):len(events)], s.Events...)
	}
	return events
}

// note says to whoever imports what is of little weight.
func (t *translation) note(s *Step, format string, args ...any) {
	t.out.Notes = append(t.out.Notes, draft.Note{Line: s.Line, Column: s.Column,
		Message: fmt.Sprintf("step %d (%s): %s", s.Number, cut(s.Type), fmt.Sprintf(format, args...))})
}
