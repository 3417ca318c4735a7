package recording

import "strings"

// modifiers are the keys that are held while something else is done.
var modifiers = map[string]string{
	"Shift": "Shift", "ShiftLeft": "Shift", "ShiftRight": "Shift",
	"Control": "Control", "ControlLeft": "Control", "ControlRight": "Control",
	"Alt": "Alt", "AltLeft": "Alt", "AltRight": "Alt",
	"Meta": "Meta", "MetaLeft": "Meta", "MetaRight": "Meta",
}

// keyNames are Recorder's names (codes and values of W3C UI Events) that
// definitions write differently.
var keyNames = map[string]string{
	"\r": "Enter", "\n": "Enter", "NumpadEnter": "Enter", " ": "Space", "Esc": "Escape", "Del": "Delete",
	"Semicolon": ";", "Equal": "=", "NumpadEqual": "=", "Comma": ",", "Minus": "-", "Period": ".", "Slash": "/", "Backquote": "`",
	"BracketLeft": "[", "Backslash": `\`, "BracketRight": "]", "Quote": "'",
	"NumpadMultiply": "*", "NumpadAdd": "+", "NumpadSubtract": "-", "NumpadDivide": "/", "NumpadDecimal": ".",
}

// keyName is a key as definitions write it; false if they cannot.
func (t *translator) keyName(key string) (string, bool) {
	if name, ok := keyNames[key]; ok {
		return name, true
	}
	for _, prefix := range []string{"Key", "Digit", "Numpad"} {
		if rest, ok := strings.CutPrefix(key, prefix); ok && len(rest) == 1 {
			return strings.ToLower(rest), true
		}
	}
	for _, name := range t.vocabulary.Keys {
		if name == key {
			return name, true
		}
	}
	runes := []rune(key)
	// A control character is no key, and ${ would start a variable.
	return key, len(runes) == 1 && runes[0] > ' ' && runes[0] != 0x7f && runes[0] != '\uFFFD'
}
