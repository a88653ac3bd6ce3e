package cardhost

import "rocketbank/internal/bank/purchase"

// codes are the response codes (ISO 8583 DE 39) of the bank's reasons, by the
// link's profile (docs/cardhost.md).
var codes = map[purchase.Reason]string{
	purchase.Approved:        "00",
	purchase.PartlyApproved:  "10",
	purchase.NothingAgainst:  "85",
	purchase.DoNotHonour:     "05",
	purchase.NoSuchType:      "12",
	purchase.BadAmount:       "13",
	purchase.NoSuchCard:      "14",
	purchase.LostCard:        "41",
	purchase.StolenCard:      "43",
	purchase.Suspicious:      "59",
	purchase.HolderForbids:   "62",
	purchase.Paused:          "62",
	purchase.NotPermitted:    "57",
	purchase.NoFunds:         "51",
	purchase.OverLimit:       "61",
	purchase.NeedsProof:      "65",
	purchase.ExpiredCard:     "54",
	purchase.WrongPIN:        "55",
	purchase.WeakPIN:         "05",
	purchase.PINBlocked:      "75",
	purchase.PINUnverifiable: "86",
	purchase.NeedsPIN:        "65",
	purchase.WrongCVC:        "82",
	purchase.BadCryptogram:   "88",
	purchase.ClonedChip:      "59",
	purchase.TwiceSent:       "94",
	purchase.NotActivated:    "78",
	purchase.ClosedAccount:   "46",
	purchase.NotReversible:   "57",
	purchase.Unavailable:     "91",
	purchase.Malformed:       "30",
}

// Codes that the door gives by itself.
const (
	codeOK          = "00"
	codeFormat      = "30"
	codeUnavailable = "91"
	codeMalfunction = "96"
)

// numeric are the countries whose letters stand in field 43 (ISO 3166-1); a
// country that is not here is taken from field 19.
var numeric = map[string]string{
	"RU": "643", "BY": "112", "KZ": "398", "AM": "051", "GE": "268", "AZ": "031", "UZ": "860", "KG": "417", "TJ": "762", "TM": "795", "MD": "498",
	"US": "840", "GB": "826", "DE": "276", "FR": "250", "IT": "380", "ES": "724", "PT": "620", "NL": "528", "BE": "056", "AT": "040", "CH": "756",
	"PL": "616", "CZ": "203", "SK": "703", "HU": "348", "RO": "642", "BG": "100", "GR": "300", "CY": "196", "TR": "792", "RS": "688", "ME": "499",
	"FI": "246", "SE": "752", "NO": "578", "DK": "208", "EE": "233", "LV": "428", "LT": "440", "IE": "372", "IL": "376", "AE": "784", "EG": "818",
	"CN": "156", "HK": "344", "JP": "392", "KR": "410", "IN": "356", "ID": "360", "TH": "764", "VN": "704", "SG": "702", "MY": "458", "LK": "144",
	"MV": "462", "CA": "124", "MX": "484", "BR": "076", "AR": "032", "AU": "036", "NZ": "554", "MN": "496",
}
