// Package har reads HTTP Archives (HAR 1.2), as browsers' developer tools save
// them, and writes the requests of a visit down as an HTTP journey: what the
// pages asked their own site for, without what other sites and static files
// add; with captures for tokens that an answer gave and a later request used;
// and without any secret.
//
// The package knows how definitions are written, not what they mean: the
// package checks reads the result like any definition.
package har
