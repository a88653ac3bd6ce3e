package card

// Pure parts, tested by themselves.
var (
	Embossed = embossed
	Luhn     = luhn
)
