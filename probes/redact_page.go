package probes

import "outrider/checks"

// pageTexts calls f with every text that the page of a step may have chosen,
// and how much of it is kept, in bytes.
func pageTexts(s *Step, f func(text *string, limit int)) {
	if v := s.Vitals; v != nil {
		f(&v.SoftNavigation, addressText)
		if c := v.Causes; c != nil {
			if c.LCP != nil {
				f(&c.LCP.Target, shortText)
				f(&c.LCP.URL, addressText)
			}
			if c.CLS != nil {
				f(&c.CLS.Target, shortText)
				f(&c.CLS.State, shortText)
			}
			if c.INP != nil {
				f(&c.INP.Target, shortText)
				f(&c.INP.Event, shortText)
				scriptTexts(c.INP.Script, f)
			}
			if c.TBT != nil {
				scriptTexts(c.TBT.Script, f)
			}
		}
	}
	if s.Page != nil {
		scriptTexts(s.Page.Script, f)
	}
	for i := range s.Marks {
		f(&s.Marks[i].Name, shortText)
	}
	for i := range s.ServerTiming {
		t := &s.ServerTiming[i]
		f(&t.Path, shortText)
		f(&t.Name, shortText)
		f(&t.Description, shortText)
	}
	for i := range s.Console {
		m := &s.Console[i]
		f(&m.Kind, shortText)
		f(&m.Text, longText)
		for j := range m.Stack {
			f(&m.Stack[j], addressText)
		}
	}
	for i := range s.FailedRequests {
		r := &s.FailedRequests[i]
		f(&r.Host, shortText)
		f(&r.Path, shortText)
		f(&r.Type, shortText)
		f(&r.Error, shortText)
		f(&r.Blocked, shortText)
	}
}

func scriptTexts(s *ScriptCause, f func(text *string, limit int)) {
	if s == nil {
		return
	}
	f(&s.URL, addressText)
	f(&s.Function, shortText)
	f(&s.Invoker, shortText)
	f(&s.Part, shortText)
}

// redactPage takes secrets out of what the page of a step tells.
func redactPage(s *Step, r *checks.Redactor) {
	pageTexts(s, func(text *string, limit int) { line(text, r, limit) })
}
