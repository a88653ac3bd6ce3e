package emv

// suite is what one cryptogram version of one scheme means.
type suite struct {
	session session
	tags    []uint32
	// tail is what of 9F10 follows the tags, nil when 9F10 has too little.
	tail    func(IAD) []byte
	padding Padding
	arpc    method
	script  scripting
}

// session is the way to the session key.
type session int

const (
	noSession session = iota // the card's key itself
	csk
	skd
)

// method is the way to the ARPC, and the key for it.
type method int

const (
	noARPC method = iota
	method1MK
	method1SK
	method2SK
)

// scripting is how script messages are sealed.
type scripting int

const (
	noScript scripting = iota
	// scriptVisa: the card's key with the counter mixed in, over header,
	// counter, ARQC and data (VIS annex on secure messaging).
	scriptVisa
	// scriptCommon: the common session key of the ARQC, over header and data
	// (EMV Book 2, 9.2 format 2).
	scriptCommon
)

// tenTags is what nearly every version covers, in this order: amounts,
// country, TVR, currency, date, type, unpredictable number, AIP, counter.
var tenTags = []uint32{0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36}

// cvnOf is the key of the table. Visa writes versions in decimal and
// Mastercard in hexadecimal: both are the byte here.
type cvnOf struct {
	scheme Scheme
	cvn    byte
}

// suites is the whole knowledge of cryptogram versions. M/Chip's number tells
// itself: 0001 in the high nibble, then SKD (00) or CSK (10), then whether the
// counters are covered.
var suites = map[cvnOf]suite{
	{Visa, 0x0A}: {noSession, tenTags, cvr, Padding1, method1MK, scriptVisa},
	{Visa, 0x11}: {noSession, []uint32{0x9F02, 0x9F37, 0x9F36}, byteFive, Padding1, noARPC, scriptVisa},
	{Visa, 0x12}: {csk, tenTags, whole, Padding2, method2SK, scriptVisa},
	{Visa, 0x22}: {csk, tenTags, whole, Padding2, method2SK, noScript},

	{Mastercard, 0x10}: {skd, tenTags, cvr, Padding2, method1MK, scriptCommon},
	{Mastercard, 0x11}: {skd, tenTags, cvrAndCounters, Padding2, method1MK, scriptCommon},
	{Mastercard, 0x14}: {csk, tenTags, cvr, Padding2, method1SK, scriptCommon},
	{Mastercard, 0x15}: {csk, tenTags, cvrAndCounters, Padding2, method1SK, scriptCommon},

	// See Mir: like M/Chip until somebody shows the specification. The first
	// row is a card that lays 9F10 out as Visa's oldest did and seals all of it.
	{Mir, 0x0A}: {csk, tenTags, whole, Padding2, method2SK, scriptCommon},
	{Mir, 0x10}: {skd, tenTags, cvr, Padding2, method1MK, scriptCommon},
	{Mir, 0x11}: {skd, tenTags, cvrAndCounters, Padding2, method1MK, scriptCommon},
	{Mir, 0x14}: {csk, tenTags, cvr, Padding2, method1SK, scriptCommon},
	{Mir, 0x15}: {csk, tenTags, cvrAndCounters, Padding2, method1SK, scriptCommon},
}

func cvr(d IAD) []byte   { return d.CVR }
func whole(d IAD) []byte { return d.Raw }

// byteFive is the second byte of CVR, all that a contactless Visa card seals.
func byteFive(d IAD) []byte { return d.Raw[4:5] }

func cvrAndCounters(d IAD) []byte {
	if d.Counters == nil {
		return nil
	}
	return append(d.CVR[:len(d.CVR):len(d.CVR)], d.Counters...)
}

// ApprovalARC is the response code that an approval is answered with by method
// 1: "00" in ASCII, and for M/Chip the ARPC response code «approved».
func (s Scheme) ApprovalARC() [2]byte {
	if s == Visa {
		return [2]byte{'0', '0'}
	}
	return [2]byte{0x00, 0x10}
}

// CSU is the card status update of method 2: whether the issuer approves
// online (byte 2, bit 8). The counters are left alone.
func CSU(approved bool) [4]byte {
	if approved {
		return [4]byte{1: 0x80}
	}
	return [4]byte{}
}
