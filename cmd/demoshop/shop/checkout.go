package shop

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// form is a checkout form as it was filled in, and what is wrong with it, by
// field. The card's numbers are never shown again.
type form struct {
	basket
	Name, Address, City string
	Errors              map[string]string
}

// declinedCard is the number of a card that every payment is declined for.
const declinedCard = "4000000000000002"

var (
	cardNumber = regexp.MustCompile(`^[0-9]{13,19}$`)
	expiry     = regexp.MustCompile(`^(0[1-9]|1[0-2]) ?/ ?[0-9]{2}$`)
	code       = regexp.MustCompile(`^[0-9]{3,4}$`)
)

func (s *Shop) showCheckout(w http.ResponseWriter, r *http.Request) {
	visitor := s.sessions.of(r)
	if len(visitor.cart) == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	blank := form{basket: basket{visitor.cart, total(visitor.cart)}}
	if visitor.customer == demoEmail {
		blank.Name = demoName
	}
	s.renderForm(w, r, http.StatusOK, "checkout", view{Title: "Checkout", Data: blank})
}

// pay places the order. What is wrong with the form is shown beside its
// fields with status 422, a declined card with 402.
func (s *Shop) pay(w http.ResponseWriter, r *http.Request) {
	visitor, ok := s.sessions.submitted(r)
	if !ok {
		s.expired(w, r)
		return
	}
	if len(visitor.cart) == 0 {
		http.Redirect(w, r, "/cart", http.StatusSeeOther)
		return
	}
	filled, card := readForm(r)
	filled.basket = basket{visitor.cart, total(visitor.cart)}
	if len(filled.Errors) == 0 && card == declinedCard {
		filled.Errors["card"] = "Your bank declined this card."
		s.renderForm(w, r, http.StatusPaymentRequired, "checkout", view{Title: "Checkout", Data: filled})
		return
	}
	if len(filled.Errors) > 0 {
		s.renderForm(w, r, http.StatusUnprocessableEntity, "checkout", view{Title: "Checkout", Data: filled})
		return
	}
	placed := s.orders.place(order{
		Customer: visitor.customer,
		Name:     filled.Name, Address: filled.Address, City: filled.City,
		Card:  card[len(card)-4:],
		Lines: filled.Lines, Total: filled.Total,
		At: s.now(),
	})
	s.sessions.known.update(visitor.id, func(v *session) {
		v.cart = nil
		v.orders = append(slices.Clone(v.orders[max(0, len(v.orders)-49):]), placed.Number)
	})
	http.Redirect(w, r, "/orders/"+placed.Number, http.StatusSeeOther)
}

// readForm reads and checks the fields, and gives the card number apart.
func readForm(r *http.Request) (form, string) {
	f := form{Errors: map[string]string{}}
	read := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	text := func(name, missing string) string {
		v := read(name)
		if v == "" {
			f.Errors[name] = missing
		} else if utf8.RuneCountInString(v) > 100 {
			f.Errors[name] = "Please shorten this to 100 characters."
		}
		return v
	}
	f.Name = text("name", "Please tell us your name.")
	f.Address = text("address", "Please tell us where to send it.")
	f.City = text("city", "Please tell us the city.")
	card := strings.NewReplacer(" ", "", "-", "").Replace(read("card"))
	if !cardNumber.MatchString(card) || !luhn(card) {
		f.Errors["card"] = "This is not a card number."
	}
	if !expiry.MatchString(read("expiry")) {
		f.Errors["expiry"] = "Please write month and year, such as 04/30."
	}
	if !code.MatchString(read("code")) {
		f.Errors["code"] = "Three or four digits, on the back of the card."
	}
	return f, card
}

// luhn tells whether the last digit is the right check digit (ISO/IEC 7812-1).
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
