package threeds

// Scheme is whose rules a card follows.
type Scheme string

// The schemes.
const (
	Visa       Scheme = "visa"
	Mastercard Scheme = "mastercard"
	Mir        Scheme = "mir"
)

// ECITable is the electronic commerce indicator by scheme and status. Schemes
// change it, so that it is data: the wiring may bring its own.
type ECITable map[Scheme]map[Status]string

// DefaultECI gives the common table. What it does not name is «not
// authenticated».
func DefaultECI() ECITable {
	return ECITable{
		Visa:       {Authenticated: "05", Attempted: "06", Denied: "07"},
		Mastercard: {Authenticated: "02", Attempted: "01", Denied: "00"},
		Mir:        {Authenticated: "02", Attempted: "01", Denied: "00"},
	}
}

// Of gives the indicator of a status, "" of an unknown scheme.
func (t ECITable) Of(s Scheme, status Status) string {
	row := t[s]
	if eci, ok := row[status]; ok {
		return eci
	}
	return row[Denied]
}
