// Package apps proves the browser probe on applications that nobody here wrote:
// a package registry that is one React page (verdaccio, from npm), a wiki that
// is all forms and pages (DokuWiki) and a web mail driven by script (Roundcube,
// with Dovecot behind it), the latter from Debian's packages.
//
// The journeys are the definitions beside this file; the tests start the
// applications on loopback, with data of their own in a temporary folder, and
// do each journey a few times, or -runs times in a row ("make apps" does 200 of
// each). "make applications" installs the applications.
package apps
