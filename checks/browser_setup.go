package checks

import "time"

// Device is the kind of device that a browser stands for: its viewport, scale,
// touch screen, and what it says it is.
type Device string

// The devices. DeviceOwn leaves the browser as it is, apart from its viewport.
const (
	DeviceOwn     Device = ""
	DevicePhone   Device = "phone"
	DeviceTablet  Device = "tablet"
	DeviceDesktop Device = "desktop"
)

// ColorScheme is what a person prefers pages to look like, as CSS's
// prefers-color-scheme tells them.
type ColorScheme string

// The colour schemes. ColorSchemeOwn leaves it to the browser.
const (
	ColorSchemeOwn   ColorScheme = ""
	ColorSchemeLight ColorScheme = "light"
	ColorSchemeDark  ColorScheme = "dark"
)

// Geolocation is where the browser says it is, in degrees (WGS 84).
type Geolocation struct {
	Latitude, Longitude float64
	// Accuracy is that of the position, in metres.
	Accuracy float64
}

// Permission is something that a page has to ask a person for, and that is
// granted without asking.
type Permission string

// The permissions.
const (
	PermissionClipboard     Permission = "clipboard" // to read and to write
	PermissionGeolocation   Permission = "geolocation"
	PermissionNotifications Permission = "notifications"
	PermissionCamera        Permission = "camera"
	PermissionMicrophone    Permission = "microphone"
	PermissionMIDI          Permission = "midi"
	PermissionSensors       Permission = "sensors"
	PermissionWakeLock      Permission = "wake_lock"
	PermissionStorageAccess Permission = "storage_access"
)

// permissionNames are the permissions as definitions write them.
var permissionNames = [...]string{
	string(PermissionClipboard), string(PermissionGeolocation), string(PermissionNotifications), string(PermissionCamera),
	string(PermissionMicrophone), string(PermissionMIDI), string(PermissionSensors), string(PermissionWakeLock), string(PermissionStorageAccess),
}

// BrowserCookie is a cookie that is there before a journey begins.
type BrowserCookie struct {
	Name  string
	Value Template
	// Domain is the host that gets it, with a dot before it those below as
	// well; empty: the hosts of the journey's goto steps.
	Domain   string
	Path     string // empty: /
	Secure   bool
	HTTPOnly bool
}

// Setting is what a browser is set up with beyond its window: where and what
// it seems to be, and what it brings along. The zero value sets nothing up.
type Setting struct {
	Device        Device
	Locale        string // BCP 47, such as "de-DE"; empty: the browser's own
	Timezone      string // IANA name; empty: the machine's
	ColorScheme   ColorScheme
	ReducedMotion bool
	Geolocation   *Geolocation // nil: none; it grants its permission
	Permissions   []Permission

	// Auth is for the sites of the journey's goto steps: a user name and
	// password that answer their challenge, or a bearer token that goes with
	// every request to them. No third party gets either.
	Auth *Auth
	// Cookies, LocalStorage and SessionStorage are there before the first
	// page; storage is that of the sites of the journey's goto steps.
	Cookies        []BrowserCookie
	LocalStorage   []Field
	SessionStorage []Field

	// SignedInBy is the check whose journey signs in for this one; empty:
	// none. SignIn is that check.
	SignedInBy string
	SignIn     *Check
	// SignedInFor is how long what it got is used for.
	SignedInFor time.Duration
}

// DefaultSignedInFor is how long a sign-in is used for if the check does not
// say so.
const DefaultSignedInFor = time.Hour
