package emv

// TVR is tag 95, what the terminal found (EMV Book 3 annex C5). The zero value
// is a terminal that found nothing.
type TVR [5]byte

// TVRBit is one finding: the byte's index in the high byte, the bit's mask in
// the low.
type TVRBit uint16

// The findings.
const (
	OfflineDataAuthNotPerformed TVRBit = 0x0080
	SDAFailed                   TVRBit = 0x0040
	ICCDataMissing              TVRBit = 0x0020
	CardOnExceptionFile         TVRBit = 0x0010
	DDAFailed                   TVRBit = 0x0008
	CDAFailed                   TVRBit = 0x0004
	DifferentVersions           TVRBit = 0x0180
	ExpiredApplication          TVRBit = 0x0140
	NotYetEffective             TVRBit = 0x0120
	ServiceNotAllowed           TVRBit = 0x0110
	NewCard                     TVRBit = 0x0108
	CVMFailed                   TVRBit = 0x0280
	UnknownCVM                  TVRBit = 0x0240
	PINTriesExceeded            TVRBit = 0x0220
	NoPINPad                    TVRBit = 0x0210
	PINNotEntered               TVRBit = 0x0208
	OnlinePINEntered            TVRBit = 0x0204
	OverFloorLimit              TVRBit = 0x0380
	LowerOfflineLimit           TVRBit = 0x0340
	UpperOfflineLimit           TVRBit = 0x0320
	RandomlySelected            TVRBit = 0x0310
	MerchantForcedOnline        TVRBit = 0x0308
	DefaultTDOL                 TVRBit = 0x0480
	IssuerAuthFailed            TVRBit = 0x0440
	ScriptFailedBefore          TVRBit = 0x0420
	ScriptFailedAfter           TVRBit = 0x0410
)

// tvrNames lists the findings in the order of the bytes, as a log and
// `rocketbank inspect` name them.
var tvrNames = []struct {
	bit  TVRBit
	name string
}{
	{OfflineDataAuthNotPerformed, "offline_data_auth_not_performed"}, {SDAFailed, "sda_failed"}, {ICCDataMissing, "icc_data_missing"},
	{CardOnExceptionFile, "card_on_exception_file"}, {DDAFailed, "dda_failed"}, {CDAFailed, "cda_failed"},
	{DifferentVersions, "different_versions"}, {ExpiredApplication, "expired_application"}, {NotYetEffective, "not_yet_effective"},
	{ServiceNotAllowed, "service_not_allowed"}, {NewCard, "new_card"},
	{CVMFailed, "cvm_failed"}, {UnknownCVM, "unknown_cvm"}, {PINTriesExceeded, "pin_tries_exceeded"}, {NoPINPad, "no_pin_pad"},
	{PINNotEntered, "pin_not_entered"}, {OnlinePINEntered, "online_pin_entered"},
	{OverFloorLimit, "over_floor_limit"}, {LowerOfflineLimit, "lower_offline_limit"}, {UpperOfflineLimit, "upper_offline_limit"},
	{RandomlySelected, "randomly_selected"}, {MerchantForcedOnline, "merchant_forced_online"},
	{DefaultTDOL, "default_tdol"}, {IssuerAuthFailed, "issuer_auth_failed"}, {ScriptFailedBefore, "script_failed_before"}, {ScriptFailedAfter, "script_failed_after"},
}

// TVROf reads tag 95; false when it is absent or of a wrong length.
func TVROf(tags TLV) (TVR, bool) {
	v, ok := tags.get(0x95)
	if !ok || len(v) != 5 {
		return TVR{}, false
	}
	return TVR(v), true
}

// Has tells whether the terminal found this.
func (t TVR) Has(bit TVRBit) bool { return t[bit>>8]&byte(bit) != 0 }

// Set adds a finding.
func (t *TVR) Set(bit TVRBit) { t[bit>>8] |= byte(bit) }

// Names lists the findings.
func (t TVR) Names() []string {
	out := []string{}
	for _, n := range tvrNames {
		if t.Has(n.bit) {
			out = append(out, n.name)
		}
	}
	return out
}

// CVM is how a cardholder was verified: the method of byte 1 of 9F34 (EMV Book
// 3 annex C3), without the bit that allows the next one.
type CVM byte

// The methods.
const (
	OfflinePINPlain                 CVM = 0x01
	OnlinePIN                       CVM = 0x02
	OfflinePINPlainAndSignature     CVM = 0x03
	OfflinePINEncrypted             CVM = 0x04
	OfflinePINEncryptedAndSignature CVM = 0x05
	Signature                       CVM = 0x1E
	NoCVM                           CVM = 0x1F
	CVMNotPerformed                 CVM = 0x3F
)

var cvmNames = map[CVM]string{
	0x00: "fail", OfflinePINPlain: "offline_pin_plain", OnlinePIN: "online_pin",
	OfflinePINPlainAndSignature: "offline_pin_plain_and_signature", OfflinePINEncrypted: "offline_pin_encrypted",
	OfflinePINEncryptedAndSignature: "offline_pin_encrypted_and_signature",
	Signature:                       "signature", NoCVM: "no_cvm", CVMNotPerformed: "not_performed",
}

// String names the method.
func (m CVM) String() string {
	if s, ok := cvmNames[m]; ok {
		return s
	}
	return "unknown"
}

// CVMResult is tag 9F34.
type CVMResult struct {
	Method CVM
	// Done: the terminal knows that it succeeded. With an online PIN or a
	// signature it does not know (Failed and Done are both false): the issuer
	// checks, or nobody.
	Done, Failed bool
}

// CVMOf reads tag 9F34; false when it is absent or of a wrong length.
func CVMOf(tags TLV) (CVMResult, bool) {
	v, ok := tags.get(0x9F34)
	if !ok || len(v) != 3 {
		return CVMResult{}, false
	}
	return CVMResult{Method: CVM(v[0] & 0x3F), Done: v[2] == 2, Failed: v[2] == 1}, true
}

// Kind is which cryptogram the card made: the two high bits of 9F27.
type Kind byte

// The kinds.
const (
	AAC  Kind = 0x00 // the card declined
	TC   Kind = 0x40 // the card approved
	Asks Kind = 0x80 // an ARQC: the card asks its issuer
)

// KindOf reads tag 9F27; false when it is absent, of a wrong length or of no
// kind.
func KindOf(tags TLV) (Kind, bool) {
	v, ok := tags.get(0x9F27)
	if !ok || len(v) != 1 || v[0]&0xC0 == 0xC0 {
		return 0, false
	}
	return Kind(v[0] & 0xC0), true
}

// String gives the standard's name.
func (k Kind) String() string {
	switch k {
	case TC:
		return "TC"
	case Asks:
		return "ARQC"
	}
	return "AAC"
}
