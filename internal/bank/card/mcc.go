package card

import "slices"

// Group is a kind of shops that a client may shut for a card, made of merchant
// category codes (ISO 18245). The words are stored and never change.
type Group string

// The groups, in the order of a page.
const (
	Groceries     Group = "groceries"
	Restaurants   Group = "restaurants"
	Fuel          Group = "fuel"
	Transport     Group = "transport"
	Travel        Group = "travel"
	Clothes       Group = "clothes"
	Household     Group = "household"
	Health        Group = "health"
	Entertainment Group = "entertainment"
	Digital       Group = "digital" // games, music, films, applications
	Alcohol       Group = "alcohol"
	Gambling      Group = "gambling"
	Adult         Group = "adult"
	Transfers     Group = "transfers" // money orders, wallets, quasi cash, crypto
	Other         Group = "other"
)

// Groups lists all groups in the order of a page.
func Groups() []Group {
	return []Group{Groceries, Restaurants, Fuel, Transport, Travel, Clothes, Household, Health, Entertainment, Digital, Alcohol, Gambling, Adult, Transfers, Other}
}

func (g Group) known() bool { return slices.Contains(Groups(), g) }

// codes are the ranges of each group; the first that fits counts.
var codes = []struct {
	from, to string
	group    Group
}{
	{"3000", "3350", Travel}, // airlines, each with a code of its own
	{"3351", "3500", Travel}, // car rental
	{"3501", "3999", Travel}, // hotels
	{"4011", "4011", Travel}, {"4111", "4131", Transport}, {"4411", "4411", Travel}, {"4511", "4511", Travel},
	{"4582", "4582", Travel}, {"4722", "4723", Travel}, {"4784", "4784", Transport}, {"4789", "4789", Transport},
	{"4829", "4829", Transfers},
	{"5122", "5122", Health}, {"5172", "5172", Fuel}, {"5200", "5261", Household}, {"5262", "5262", Other},
	{"5297", "5300", Groceries}, {"5309", "5311", Clothes}, {"5411", "5411", Groceries}, {"5412", "5499", Groceries},
	{"5541", "5542", Fuel}, {"5552", "5552", Fuel}, {"5611", "5699", Clothes}, {"5712", "5722", Household}, {"5732", "5732", Household},
	{"5735", "5735", Entertainment}, {"5811", "5812", Restaurants}, {"5813", "5813", Alcohol}, {"5814", "5814", Restaurants},
	{"5815", "5818", Digital}, {"5912", "5912", Health}, {"5921", "5921", Alcohol}, {"5967", "5967", Adult}, {"5976", "5977", Health},
	{"5983", "5983", Fuel},
	{"6010", "6012", Transfers}, {"6050", "6051", Transfers}, {"6211", "6211", Transfers}, {"6529", "6540", Transfers},
	{"7011", "7012", Travel}, {"7273", "7273", Adult}, {"7297", "7298", Health}, {"7512", "7519", Travel}, {"7523", "7523", Transport},
	{"7800", "7802", Gambling}, {"7829", "7841", Entertainment}, {"7911", "7994", Entertainment}, {"7995", "7995", Gambling},
	{"7996", "7999", Entertainment}, {"8011", "8099", Health}, {"9406", "9406", Gambling}, {"9754", "9754", Gambling},
}

// GroupOf tells which group a merchant category code belongs to; Other for
// every code that is in none and for what is no code.
func GroupOf(mcc string) Group {
	if !digits(mcc, 4) {
		return Other
	}
	for _, c := range codes {
		if c.from <= mcc && mcc <= c.to {
			return c.group
		}
	}
	return Other
}

// digits tells n ASCII digits.
func digits(s string, n int) bool {
	if len(s) != n {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
