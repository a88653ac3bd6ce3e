package emv

// tagInfo is what the dictionary of EMV Book 3 annex A says of a tag.
type tagInfo struct {
	name        string
	least, most int
}

func (i tagInfo) fits(v []byte) bool { return len(v) >= i.least && len(v) <= i.most }

// knownTags are those that come with a transaction. Others are kept and not
// looked at.
var knownTags = map[uint32]tagInfo{
	0x57:   {"track 2 equivalent data", 1, 19},
	0x5A:   {"application PAN", 1, 10},
	0x5F2A: {"transaction currency code", 2, 2},
	0x5F34: {"PAN sequence number", 1, 1},
	0x71:   {"issuer script before the second cryptogram", 0, 128},
	0x72:   {"issuer script after the second cryptogram", 0, 128},
	0x82:   {"application interchange profile", 2, 2},
	0x84:   {"dedicated file name", 5, 16},
	0x8A:   {"authorisation response code", 2, 2},
	0x91:   {"issuer authentication data", 8, 16},
	0x95:   {"terminal verification results", 5, 5},
	0x9A:   {"transaction date", 3, 3},
	0x9C:   {"transaction type", 1, 1},
	0x9F02: {"amount, authorised", 6, 6},
	0x9F03: {"amount, other", 6, 6},
	0x9F06: {"application identifier", 5, 16},
	0x9F09: {"application version number", 2, 2},
	0x9F10: {"issuer application data", 1, maxIAD},
	0x9F13: {"last online ATC register", 2, 2},
	0x9F1A: {"terminal country code", 2, 2},
	0x9F1E: {"interface device serial number", 8, 8},
	0x9F26: {"application cryptogram", 8, 8},
	0x9F27: {"cryptogram information data", 1, 1},
	0x9F33: {"terminal capabilities", 3, 3},
	0x9F34: {"cardholder verification results", 3, 3},
	0x9F35: {"terminal type", 1, 1},
	0x9F36: {"application transaction counter", 2, 2},
	0x9F37: {"unpredictable number", 4, 4},
	0x9F41: {"transaction sequence counter", 2, 4},
	0x9F53: {"transaction category", 1, 32},
	0x9F5B: {"issuer script results", 0, 255},
	0x9F6E: {"form factor or third party data", 1, 32},
	0x9F7C: {"customer exclusive data", 0, 32},
}

// TagName is the dictionary's name of a tag, "" for one it does not have.
func TagName(tag string) string {
	n, ok := parseTag(tag)
	if !ok {
		return ""
	}
	return knownTags[n].name
}
