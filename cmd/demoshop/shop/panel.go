package shop

import (
	"net/http"
	"strconv"
)

// preset is a fault that the panel offers at the press of a button.
type preset struct {
	Title, Hint string
	Fault       Fault
}

func presets() []preset {
	return []preset{
		{"Slow search", "Search results take 3 s.", Fault{Kind: SlowEndpoint, Path: "/api/search", DelayMS: 3000}},
		{"Orders fail", "Every request for orders gets status 500.", Fault{Kind: ErrorRate, Path: "/api/orders", Percent: 100, Status: 500}},
		{"Dead Pay button", "Customers press Pay and nothing happens.", Fault{Kind: BrokenButton, Button: buttonPay}},
		{"Dead cart button", "Nothing gets into the cart.", Fault{Kind: BrokenButton, Button: buttonCart}},
		{"Search crashes", "Its script throws, while the server says 200.", Fault{Kind: ScriptException}},
		{"Slow photo", "The workshop's big picture takes 5 s.", Fault{Kind: SlowImage, Path: workshopImage, DelayMS: 5000}},
		{"Hanging health", "The health check is never answered.", Fault{Kind: HangingResponse, Path: "/api/health"}},
		{"Jumping page", "A late banner pushes the workshop page down.", Fault{Kind: LayoutShift, Path: "/story"}},
	}
}

func (s *Shop) panelRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /panel", s.showPanel)
	mux.HandleFunc("POST /panel/faults", s.submitFault)
	mux.HandleFunc("POST /panel/faults/{id}/remove", s.submitRemoval)
	mux.HandleFunc("POST /panel/remove-all", s.submitRemoval)
	mux.HandleFunc("GET /panel/api/faults", s.listFaults)
	mux.HandleFunc("PUT /panel/api/faults", s.putFault)
	mux.HandleFunc("DELETE /panel/api/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.faults.clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /panel/api/faults/{id}", s.deleteFault)
	mux.HandleFunc("GET /panel/", s.notFound)
	assetRoutes(mux, "/panel/assets", "shop.css", "desk.js")
}

// panelView is what the panel shows.
type panelView struct {
	Faults  []Fault
	Presets []preset
	Error   string
}

func (s *Shop) showPanel(w http.ResponseWriter, r *http.Request) {
	s.renderForm(w, r, http.StatusOK, "panel", view{Title: "Fault panel", Data: panelView{s.faults.list(), presets(), ""}})
}

func (s *Shop) submitFault(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.sessions.submitted(r); !ok {
		s.expired(w, r)
		return
	}
	number := func(name string) int {
		n, err := strconv.Atoi(r.PostFormValue(name))
		if err != nil && r.PostFormValue(name) != "" {
			return -1 // no kind takes it
		}
		return n
	}
	_, err := s.faults.set(Fault{
		Kind:    FaultKind(r.PostFormValue("kind")),
		Path:    r.PostFormValue("path"),
		DelayMS: number("delay_ms"),
		Percent: number("percent"),
		Status:  number("status"),
		Button:  r.PostFormValue("button"),
	})
	if err != nil {
		s.renderForm(w, r, http.StatusUnprocessableEntity, "panel",
			view{Title: "Fault panel", Data: panelView{s.faults.list(), presets(), err.Error()}})
		return
	}
	http.Redirect(w, r, "/panel", http.StatusSeeOther)
}

// submitRemoval removes one fault or, without an id, all. One that is gone
// already needs no removal.
func (s *Shop) submitRemoval(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.sessions.submitted(r); !ok {
		s.expired(w, r)
		return
	}
	if id := r.PathValue("id"); id != "" {
		s.faults.remove(id)
	} else {
		s.faults.clear()
	}
	http.Redirect(w, r, "/panel", http.StatusSeeOther)
}

func (s *Shop) listFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, struct {
		Faults []Fault `json:"faults"`
	}{s.faults.list()})
}

// putFault sets one fault; the same kind at the same place is replaced, so
// that repeating the request changes nothing.
func (s *Shop) putFault(w http.ResponseWriter, r *http.Request) {
	var wanted Fault
	if !readJSON(w, r, &wanted) {
		return
	}
	set, err := s.faults.set(wanted)
	if err != nil {
		writeJSON(w, http.StatusUnprocessableEntity, problem{err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, set)
}

func (s *Shop) deleteFault(w http.ResponseWriter, r *http.Request) {
	if !s.faults.remove(r.PathValue("id")) {
		writeJSON(w, http.StatusNotFound, problem{"no such fault"})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
