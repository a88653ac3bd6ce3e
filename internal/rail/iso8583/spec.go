package iso8583

// Kind says which characters a field may hold, in the standard's own notation.
type Kind uint8

// The kinds of fields.
const (
	N   Kind = iota + 1 // digits
	AN                  // letters and digits; blanks, as padding
	ANS                 // printable ASCII
	Z                   // track 2: digits, separator = or D, padding F
	XN                  // C (credit) or D (debit) and digits
	B                   // any bytes
)

// Field is how a profile writes one data element.
type Field struct {
	Kind Kind
	Len  int // characters (bytes of B), at most so many when Var is not 0
	Var  int // digits of the length in front: 0 for a fixed field, else 2 or 3
}

// Spec is the profile of a link: what both ends have agreed on. MTI, data and
// length digits are ASCII, a field of kind B is raw bytes. Links with BCD
// digits, EBCDIC letters or a MAC differ in more than these two members; a
// link that needs one adds it here.
type Spec struct {
	// Fields by number; one of no length is not part of the profile. Fields 1
	// and 65 are bitmaps and never part of it.
	Fields [129]Field
	// HexBitmap writes each bitmap as 16 characters instead of 8 bytes.
	HexBitmap bool
}

// Standard gives the bank's own profile: ASCII with a binary bitmap. It is a
// fresh copy, so that a link may change what it does otherwise.
func Standard() *Spec {
	return &Spec{Fields: [129]Field{
		2:   {N, 19, 2},   // primary account number
		3:   {N, 6, 0},    // processing code
		4:   {N, 12, 0},   // amount, transaction
		5:   {N, 12, 0},   // amount, settlement
		6:   {N, 12, 0},   // amount, cardholder billing
		7:   {N, 10, 0},   // transmission date and time, UTC
		9:   {N, 8, 0},    // conversion rate, settlement
		10:  {N, 8, 0},    // conversion rate, cardholder billing
		11:  {N, 6, 0},    // system trace audit number
		12:  {N, 6, 0},    // time, local
		13:  {N, 4, 0},    // date, local
		14:  {N, 4, 0},    // date, expiration
		15:  {N, 4, 0},    // date, settlement
		16:  {N, 4, 0},    // date, conversion
		18:  {N, 4, 0},    // merchant's type
		19:  {N, 3, 0},    // acquiring institution's country
		22:  {N, 3, 0},    // point of service entry mode
		23:  {N, 3, 0},    // card sequence number
		25:  {N, 2, 0},    // point of service condition code
		26:  {N, 2, 0},    // PIN capture length
		28:  {XN, 9, 0},   // amount, transaction fee
		32:  {N, 11, 2},   // acquiring institution
		33:  {N, 11, 2},   // forwarding institution
		35:  {Z, 37, 2},   // track 2
		37:  {AN, 12, 0},  // retrieval reference number
		38:  {AN, 6, 0},   // authorisation identification response
		39:  {AN, 2, 0},   // response code
		41:  {ANS, 8, 0},  // card acceptor terminal
		42:  {ANS, 15, 0}, // card acceptor
		43:  {ANS, 40, 0}, // card acceptor's name and location
		44:  {ANS, 25, 2}, // additional response data
		48:  {ANS, 999, 3},
		49:  {N, 3, 0}, // currency, transaction
		50:  {N, 3, 0}, // currency, settlement
		51:  {N, 3, 0}, // currency, cardholder billing
		52:  {B, 8, 0}, // PIN block
		53:  {N, 16, 0},
		54:  {ANS, 120, 3}, // additional amounts
		55:  {B, 255, 3},   // chip data
		56:  {ANS, 999, 3},
		59:  {ANS, 999, 3},
		60:  {ANS, 999, 3},
		61:  {ANS, 999, 3},
		62:  {ANS, 999, 3},
		63:  {ANS, 999, 3},
		64:  {B, 8, 0},    // message authentication code
		70:  {N, 3, 0},    // network management code
		90:  {N, 42, 0},   // original data elements
		95:  {AN, 42, 0},  // replacement amounts
		102: {ANS, 28, 2}, // account from
		103: {ANS, 28, 2}, // account to
		104: {ANS, 999, 3},
		123: {AN, 999, 3}, // point of service data code
		128: {B, 8, 0},    // message authentication code
	}}
}

// wrong gives the place of the first character that may not stand in a field
// of this kind, -1 when all may.
func (k Kind) wrong(v string) int {
	if k == B {
		return -1
	}
	may := uint8(1) << k
	for i := 0; i < len(v); i++ {
		if k == XN && i == 0 {
			if v[0] != 'C' && v[0] != 'D' {
				return 0
			}
			continue
		}
		if allowed[v[i]]&may == 0 {
			return i
		}
	}
	return -1
}

// allowed has a bit of each kind for each character.
var allowed = func() (t [256]uint8) {
	put := func(from, to byte, kinds ...Kind) {
		for c := from; c <= to; c++ {
			for _, k := range kinds {
				t[c] |= 1 << k
			}
		}
	}
	put(' ', '~', ANS)
	put('0', '9', N, AN, Z, XN)
	put('A', 'Z', AN)
	put('a', 'z', AN)
	put(' ', ' ', AN)
	put('=', '=', Z)
	put('D', 'D', Z)
	put('F', 'F', Z)
	return t
}()
