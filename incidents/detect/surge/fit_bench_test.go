package surge

import "testing"

// BenchmarkNew fits two weeks of a run each five minutes.
func BenchmarkNew(b *testing.B) {
	pairs := server{median: mm1(0.4, 1000), low: 50, high: 600, noise: 0.25, runs: 4032}.pairs(1)
	for b.Loop() {
		if _, err := New(pairs); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAt projects to one load.
func BenchmarkAt(b *testing.B) {
	f, err := New(server{median: mm1(0.4, 1000), low: 50, high: 600, noise: 0.25, runs: 4032}.pairs(1))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.At(2 * f.Peak)
	}
}
