package shop

import (
	"fmt"
	"slices"
	"strings"
)

// cents is an amount of money in hundredths of a euro.
type cents int64

// String gives the amount as shown to customers.
func (c cents) String() string { return fmt.Sprintf("€%d.%02d", c/100, c%100) }

// product is a thing for sale. Shape, Glaze and Clay say how it is drawn.
type product struct {
	ID          string
	Name        string
	Category    string // id of a category
	Description string
	Details     []string
	Price       cents
	Featured    bool
	Shape       string
	Glaze, Clay string
}

// category is a shelf of the shop.
type category struct {
	ID, Name, Description string
}

// catalogue is everything that is for sale. It never changes.
type catalogue struct {
	categories []category
	products   []product
}

func (c catalogue) product(id string) (product, bool) {
	i := slices.IndexFunc(c.products, func(p product) bool { return p.ID == id })
	if i < 0 {
		return product{}, false
	}
	return c.products[i], true
}

func (c catalogue) category(id string) (category, bool) {
	i := slices.IndexFunc(c.categories, func(x category) bool { return x.ID == id })
	if i < 0 {
		return category{}, false
	}
	return c.categories[i], true
}

func (c catalogue) pick(wanted func(product) bool) []product {
	var found []product
	for _, p := range c.products {
		if wanted(p) {
			found = append(found, p)
		}
	}
	return found
}

func (c catalogue) featured() []product {
	return c.pick(func(p product) bool { return p.Featured })
}

func (c catalogue) in(category string) []product {
	return c.pick(func(p product) bool { return p.Category == category })
}

// beside gives a few other products of the same category.
func (c catalogue) beside(p product) []product {
	others := c.pick(func(x product) bool { return x.Category == p.Category && x.ID != p.ID })
	return others[:min(3, len(others))]
}

// search finds the products that have every word of the query in their name,
// category or description; those with a match in the name come first.
func (c catalogue) search(query string) []product {
	words := strings.Fields(strings.ToLower(query))
	if len(words) == 0 {
		return nil
	}
	has := func(text string) bool {
		text = strings.ToLower(text)
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
	}
	byName := c.pick(func(p product) bool { return has(p.Name) })
	rest := c.pick(func(p product) bool {
		return !has(p.Name) && has(p.Name+" "+p.Category+" "+p.Description)
	})
	return append(byName, rest...)
}

func newCatalogue() catalogue {
	return catalogue{
		categories: []category{
			{"mugs", "Mugs", "Thrown on the wheel, glazed by hand, happy in the dishwasher."},
			{"bowls", "Bowls", "For porridge, for soup, for the last cherries of the summer."},
			{"teapots", "Teapots", "They pour without a drip. We checked, many times."},
		},
		products: []product{
			{ID: "speckled-mug", Name: "Speckled Mug", Category: "mugs", Price: 2400, Featured: true, Shape: "mug", Glaze: "#e9dfcf", Clay: "#a9714b",
				Description: "A wide everyday cup in speckled stoneware, with a handle that fits three fingers.",
				Details:     []string{"350 ml", "Stoneware, fired at 1,240 °C", "Dishwasher and microwave safe"}},
			{ID: "indigo-mug", Name: "Indigo Mug", Category: "mugs", Price: 2600, Featured: true, Shape: "mug", Glaze: "#3f5b86", Clay: "#c9a27c",
				Description: "Dipped twice in indigo glaze, so that no two have the same tide line.",
				Details:     []string{"350 ml", "Stoneware, double dipped", "Dishwasher safe"}},
			{ID: "moss-mug", Name: "Moss Mug", Category: "mugs", Price: 2600, Shape: "mug", Glaze: "#7d8f69", Clay: "#8a5a3b",
				Description: "A matt green that stays calm on Monday mornings.",
				Details:     []string{"320 ml", "Matt glaze", "Dishwasher safe"}},
			{ID: "campfire-mug", Name: "Campfire Mug", Category: "mugs", Price: 2800, Shape: "mug", Glaze: "#b5502f", Clay: "#5d4636",
				Description: "Rust red outside, cream inside, and heavy enough to stay where you put it.",
				Details:     []string{"400 ml", "Iron-rich clay", "Hand wash preferred"}},
			{ID: "cocoa-mug", Name: "Cocoa Mug", Category: "mugs", Price: 2900, Shape: "mug", Glaze: "#6b4a3a", Clay: "#d8b48c",
				Description: "Made for hot chocolate: tall, with room for what floats on top.",
				Details:     []string{"450 ml", "Stoneware", "Dishwasher and microwave safe"}},
			{ID: "espresso-mug", Name: "Espresso Mug", Category: "mugs", Price: 1600, Shape: "mug", Glaze: "#d9a441", Clay: "#7a5238",
				Description: "Two sips, one handle.",
				Details:     []string{"90 ml", "Sold one by one", "Dishwasher safe"}},
			{ID: "breakfast-bowl", Name: "Breakfast Bowl", Category: "bowls", Price: 2200, Featured: true, Shape: "bowl", Glaze: "#dfe5e1", Clay: "#b98a62",
				Description: "Deep enough for muesli, flat enough to reach the bottom.",
				Details:     []string{"600 ml", "Stoneware", "Dishwasher and microwave safe"}},
			{ID: "ramen-bowl", Name: "Ramen Bowl", Category: "bowls", Price: 3400, Shape: "bowl", Glaze: "#2f4858", Clay: "#a9714b",
				Description: "A big dark bowl with a rest for chopsticks on its rim.",
				Details:     []string{"1.1 l", "Stoneware", "Dishwasher safe"}},
			{ID: "fig-bowl", Name: "Fig Bowl", Category: "bowls", Price: 1900, Shape: "bowl", Glaze: "#8c5a6e", Clay: "#cda882",
				Description: "A small one for fruit, nuts and keys.",
				Details:     []string{"300 ml", "Stoneware", "Dishwasher safe"}},
			{ID: "morning-teapot", Name: "Morning Teapot", Category: "teapots", Price: 6200, Featured: true, Shape: "teapot", Glaze: "#7d8f69", Clay: "#c9a27c",
				Description: "Four cups, a strainer built into the spout, and a lid that stays on.",
				Details:     []string{"1 l", "Stoneware", "Hand wash"}},
			{ID: "harbour-teapot", Name: "Harbour Teapot", Category: "teapots", Price: 6800, Shape: "teapot", Glaze: "#3f5b86", Clay: "#8a5a3b",
				Description: "Round and blue, with a knob like a bollard.",
				Details:     []string{"1.2 l", "Stoneware", "Hand wash"}},
		},
	}
}
