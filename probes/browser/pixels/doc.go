// Package pixels compares pictures of pages as a person would: by how far
// colours seem apart, and without minding how the edges of letters and shapes
// were smoothed.
//
// It knows nothing of browsers: it takes and gives PNG.
package pixels
