package browser

import _ "embed" // of the scripts below

// The scripts that few journeys need. They go with the calls that use them, so
// that the pages of all others are spared them.
var (
	//go:embed js/storage.js
	storageScript string
	//go:embed js/state.js
	stateScript string
	//go:embed js/accessible.js
	accessibleScript string
	//go:embed js/look.js
	lookScript string
	//go:embed js/acts.js
	actsScript string
)

// seldom gives the script that a method of our world is defined in, if it is
// not there in every page.
func seldom(method string) string {
	switch method {
	case "store", "stored":
		return storageScript
	case "state":
		return stateScript
	case "accessible":
		return accessibleScript
	case "freeze", "thaw", "look":
		return lookScript
	case "checked", "caret", "files", "scroll", "place", "arrival":
		return actsScript
	}
	return ""
}
