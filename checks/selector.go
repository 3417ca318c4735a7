package checks

// Selector says which checks something is about; the zero value means all.
type Selector struct {
	Checks []string // ids; empty: any
	// Labels are what a check must have, all of them.
	Labels map[string]string
}

// Covers tells whether a check is selected.
func (s *Selector) Covers(c *Check) bool {
	if len(s.Checks) > 0 {
		named := false
		for _, id := range s.Checks {
			named = named || id == c.ID
		}
		if !named {
			return false
		}
	}
	for name, value := range s.Labels {
		if c.Labels[name] != value {
			return false
		}
	}
	return true
}
