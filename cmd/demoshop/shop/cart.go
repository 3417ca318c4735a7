package shop

import (
	"net/http"
	"slices"
	"strconv"
)

func (s *Shop) cartRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /cart", s.showCart)
	mux.HandleFunc("POST /cart", s.addToCart)
	mux.HandleFunc("POST /cart/remove", s.removeFromCart)
	mux.HandleFunc("GET /checkout", s.showCheckout)
	mux.HandleFunc("POST /checkout", s.pay)
	mux.HandleFunc("GET /orders/{number}", s.showOrder)
}

// basket is what the cart and checkout pages show.
type basket struct {
	Lines []line
	Total cents
}

func (s *Shop) showCart(w http.ResponseWriter, r *http.Request) {
	visitor := s.sessions.ensure(w, r)
	s.renderForm(w, r, http.StatusOK, "cart", view{Title: "Your cart", Data: basket{visitor.cart, total(visitor.cart)}})
}

func (s *Shop) addToCart(w http.ResponseWriter, r *http.Request) {
	visitor, ok := s.sessions.submitted(r)
	if !ok {
		s.expired(w, r)
		return
	}
	quantity, err := strconv.Atoi(r.PostFormValue("quantity"))
	if err != nil {
		quantity = 0 // refused below
	}
	switch s.put(visitor, r.PostFormValue("product"), quantity) {
	case http.StatusOK:
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
	case http.StatusNotFound:
		s.notFound(w, r)
	default:
		s.notice(w, r, http.StatusUnprocessableEntity, "That is too much", "The cart takes 1 to 99 pieces of a product.")
	}
}

// put adds a product to the visitor's cart and gives the status: 200, 404 for
// an unknown product, 422 for what does not fit.
func (s *Shop) put(visitor session, id string, quantity int) int {
	p, ok := s.goods.product(id)
	if !ok {
		return http.StatusNotFound
	}
	if quantity < 1 || quantity > maxQuantity {
		return http.StatusUnprocessableEntity
	}
	status := http.StatusUnprocessableEntity
	s.sessions.known.update(visitor.id, func(v *session) {
		if cart, fits := v.with(p, quantity); fits {
			v.cart, status = cart, http.StatusOK
		}
	})
	return status
}

func (s *Shop) removeFromCart(w http.ResponseWriter, r *http.Request) {
	visitor, ok := s.sessions.submitted(r)
	if !ok {
		s.expired(w, r)
		return
	}
	s.sessions.known.update(visitor.id, func(v *session) { v.cart = v.without(r.PostFormValue("product")) })
	http.Redirect(w, r, "/cart", http.StatusSeeOther)
}

// showOrder shows an order to whoever placed it; for others there is none.
func (s *Shop) showOrder(w http.ResponseWriter, r *http.Request) {
	visitor := s.sessions.of(r)
	placed, ok := s.orders.find(r.PathValue("number"))
	own := slices.Contains(visitor.orders, placed.Number) ||
		visitor.customer != "" && visitor.customer == placed.Customer
	if !ok || !own {
		s.notFound(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "order", view{Title: "Order " + placed.Number, Data: placed})
}
