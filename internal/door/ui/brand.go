package ui

// Brand is the bank's face: name and phone. Its drawing is the template Logo
// beside it; nothing else in the tree names the bank to its clients.
type Brand struct {
	Name  string // «Рокетбанк»
	Phone string // E.164 of the support line, "+78000000000"
}

// DefaultBrand is the brand of the demo.
func DefaultBrand() Brand { return Brand{Name: "Рокетбанк", Phone: "+78005550707"} }
