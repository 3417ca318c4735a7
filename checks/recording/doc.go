// Package recording reads what Chrome DevTools Recorder exports (a user flow as
// JSON; the schema is in the npm package @puppeteer/replay) and writes it down
// as a browser journey that a person would have written: a click into a field
// and its change become one fill, a key's way down and up one press, the
// selectors of an element one target with its fall-backs in the recorded order.
//
// What a journey cannot say is remarked on at its place, never left out in
// silence. The package knows how definitions are written, not what they mean:
// the package checks reads the result like any definition.
package recording
