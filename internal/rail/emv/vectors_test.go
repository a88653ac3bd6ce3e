package emv

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// The vectors: V1 to V4 and V5 to V7 were made by other people's programs
// (pyemv, psec), V8 by two independent ones.

const testIMK = "0123456789ABCDEFFEDCBA9876543210"

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func key(t testing.TB, s string) Key2 {
	t.Helper()
	k, err := ParseKey2(s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

func same(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// card is a master key that has to exist.
func card(t testing.TB, option byte, pan, psn string) Key2 {
	t.Helper()
	mk, err := MasterKey(option, key(t, testIMK), pan, psn)
	if err != nil {
		t.Fatal(err)
	}
	return mk
}

// chip makes chip data of «tag value» pairs.
func chip(t testing.TB, pairs ...string) TLV {
	t.Helper()
	var tags TLV
	for i := 0; i < len(pairs); i += 2 {
		if err := tags.Set(pairs[i], unhex(t, pairs[i+1])); err != nil {
			t.Fatalf("%s: %v", pairs[i], err)
		}
	}
	return tags
}

func TestV1(t *testing.T) {
	same(t, "IMK", key(t, testIMK).KCV()[:4], "08D7")
	mk := card(t, OptionA, "9901234567890123", "45")
	same(t, "MK", mk.KCV()[:4], "1DA5")
	sk := SessionCSK(mk, [8]byte(unhex(t, "1234567890123456")))
	same(t, "SK", sk.KCV()[:4], "0995")
	data := unhex(t, "0123456789ABCDEF0123456789ABCDEF")
	ac := MAC3(sk, data, Padding2)
	same(t, "padding 2", upper(ac[:]), "4B46013359B7A58B")
	one := MAC3(sk, data, Padding1)
	same(t, "padding 1", upper(one[:]), "922F3E83125EB46B")
	odd := MAC3(sk, append(data, 0x01), Padding1)
	same(t, "padding 1 of 17 bytes", upper(odd[:]), "2E141C6BC4A20DA8")
	same(t, "ARPC 1", upper(method1(mk, ac, [2]byte{})), "F8C9CECAABD55AD10000")
	same(t, "ARPC 2", upper(method2(sk, ac, [4]byte{}, nil)), "7DFB118800000000")
	same(t, "ARPC 2, own data", upper(method2(sk, ac, [4]byte{}, unhex(t, "1234567890ABCDEF"))), "4962B76C000000001234567890ABCDEF")
}

// v2 is the transaction of V2 with the issuer data given.
func v2(t testing.TB, iad string) TLV {
	return chip(t, "9F02", "000000004000", "9F03", "000000000000", "9F1A", "0124", "95", "8000048000", "5F2A", "0124", "9A", "191105",
		"9C", "01", "9F37", "52BF4585", "82", "1800", "9F36", "001C", "9F10", iad)
}

func TestV2(t *testing.T) {
	const pan, psn = "1234567890123456", "00"
	same(t, "MK", card(t, OptionA, pan, psn).KCV()[:4], "BAB0")
	for _, c := range []struct {
		iad        string
		arc        string
		arqc, tags string
		size       int
		sk         string
	}{
		{"06010A03A06010", "3030", "29CCA15AE665FA2E", "28993816AFAE4AEB3030", 8, "BAB0"},
		{"06011203A0B800", "0000", "7A788EA6B8A3E733", "9AF514C100000000", 4, "22C8"},
	} {
		got, err := ARQC(Visa, key(t, testIMK), pan, psn, OptionA, v2(t, c.iad))
		if err != nil {
			t.Fatal(err)
		}
		same(t, c.iad+" ARQC", upper(got.Value[:]), c.arqc)
		same(t, c.iad+" SK", got.sk.KCV()[:4], c.sk)
		tag91, err := got.ARPC([2]byte(unhex(t, c.arc)), [4]byte{}, nil)
		if err != nil || got.ARPCSize() != c.size {
			t.Errorf("%s: %v, %d", c.iad, err, got.ARPCSize())
		}
		same(t, c.iad+" tag 91", upper(tag91), c.tags)
		if !got.Matches(unhex(t, c.arqc)) || got.Matches(unhex(t, "0000000000000000")) || got.Matches(nil) {
			t.Error(c.iad, "matches wrongly")
		}
	}
}

func TestV3(t *testing.T) {
	tags := chip(t, "9F02", "000000009999", "9F1A", "0124", "95", "8000000000", "5F2A", "0124", "9A", "209906", "9C", "00",
		"9F37", "ABCDEF12", "82", "1800", "9F36", "001C", "9F10", "0110A00003220000")
	for _, scheme := range []Scheme{Mastercard, Mir} {
		got, err := ARQC(scheme, key(t, testIMK), "1234567890123456", "00", OptionA, tags)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "SK", got.sk.KCV()[:4], "2FD5")
		same(t, "ARQC", upper(got.Value[:]), "24CCF3DEE3158C70")
		tag91, err := got.ARPC(Mastercard.ApprovalARC(), [4]byte{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "tag 91", upper(tag91), "73F6BBF389A6586C0010")
	}
}

func TestV4(t *testing.T) {
	const pan, psn = "12345678901234567", "45"
	same(t, "option A", card(t, OptionA, pan, psn).KCV()[:4], "FF08")
	mk := card(t, OptionB, pan, psn)
	same(t, "option B", mk.KCV()[:4], "0BAF")
	same(t, "SK", SessionCSK(mk, [8]byte(unhex(t, "1234567890123456"))).KCV()[:4], "4262")
	if !card(t, OptionB, pan[:16], psn).Equal(card(t, OptionA, pan[:16], psn)) {
		t.Error("option B of 16 digits is not option A")
	}
}

func TestV5(t *testing.T) {
	for _, c := range [][5]string{
		{"99999999999999998888888888888888", "2222222222222222", "3333", "111", "361"},
		{testIMK, "1234567890123456", "9912", "220", "170"},
	} {
		got, err := CVV(key(t, c[0]), c[1], c[2], c[3])
		if err != nil {
			t.Fatal(err)
		}
		same(t, c[1], got, c[4])
	}
}

func TestV6(t *testing.T) {
	for pvki, want := range map[byte]string{1: "8523", 3: "4021", '1': "8523"} {
		got, err := PVV(key(t, testIMK), pvki, "1122334455667788", "4524")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "PVV", got, want)
		if ok, err := VerifyPIN(key(t, testIMK), pvki, "1122334455667788", "4524", want); !ok || err != nil {
			t.Error("the right PIN is refused", err)
		}
		if ok, err := VerifyPIN(key(t, testIMK), pvki, "1122334455667788", "4525", want); ok || err != nil {
			t.Error("a wrong PIN is taken", err)
		}
	}
}

func TestV7(t *testing.T) {
	for _, c := range [][3]string{
		{"1234", "5544332211009966", "041277CDDEEFF669"},
		{"123456789012", "5555555551234567", "0C1261032D8226A9"},
	} {
		zpk := key(t, testIMK)
		sealed, err := EncodeISO0(zpk, c[1], c[0])
		if err != nil {
			t.Fatal(err)
		}
		clear := [8]byte(sealed)
		zpk.k().decrypt(&clear)
		same(t, "format 0", upper(clear[:]), c[2])
	}
	aesKey := unhex(t, "00112233445566778899AABBCCDDEEFF")
	got, err := EncodeISO4(aesKey, "1234567890123456789", "1234", bytes.NewReader(bytes.Repeat([]byte{0xFF}, 8)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "format 4", upper(got), "28B41FDDD29B743E93124BD8E32D921E")
}

func TestV8(t *testing.T) {
	const pan, psn = "2200000000000004", "01"
	mk := card(t, OptionA, pan, psn)
	same(t, "MK", upper(mk.Reveal()), "61FEA197D0B9759BF268AEA10E4F7AA7")
	sk := SessionCSK(mk, [8]byte{0x00, 0x01})
	same(t, "SK", upper(sk.Reveal()), "10CBA7DCD07083890ED67557EF51E53D")
	data := "000000125050 000000000000 0643 0000008000 0643 261122 00 11223344 1900 0001"
	ac := MAC3(sk, unhex(t, data+"06010A03A00000"), Padding2)
	same(t, "AC", upper(ac[:]), "F26F1F97B17CFC62")

	got, err := ARQC(Mir, key(t, testIMK), pan, psn, OptionA, chip(t, "9F02", "000000125050", "9F1A", "0643", "95", "0000008000",
		"5F2A", "0643", "9A", "261122", "9C", "00", "9F37", "11223344", "82", "1900", "9F36", "0001", "9F10", "06010A03A00000"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "ARQC", upper(got.Value[:]), "F26F1F97B17CFC62")

	block, err := EncodeISO0(key(t, testIMK), pan, "1234")
	if err != nil {
		t.Fatal(err)
	}
	clear := [8]byte(block)
	key(t, testIMK).k().decrypt(&clear)
	same(t, "clear block of zeros", upper(clear[:]), "041234FFFFFFFFFF")
}

// The chip data of the reference's frame, as a terminal sends it.
const frame55 = "9F26087A788EA6B8A3E7339F2701809F100706011203A0B8009F370452BF45859F3602001C950580000480009A031911059C01019F02060000000040005F2A020124820218009F1A0201249F0306000000000000"

func TestFrame(t *testing.T) {
	tags, err := ParseTLV(unhex(t, frame55))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "bytes", upper(tags.Bytes()), frame55)
	same(t, "tags", strings.Join(tags.Tags(), " "), "9F26 9F27 9F10 9F37 9F36 95 9A 9C 9F02 5F2A 82 9F1A 9F03")
	got, err := ARQC(Visa, key(t, testIMK), "1234567890123456", "00", OptionA, tags)
	sent, _ := tags.Get("9F26")
	if err != nil || !got.Matches(sent) {
		t.Errorf("the frame's cryptogram is refused: %v", err)
	}
}

// A script of Visa's, as pyemv makes it: APPLICATION UNBLOCK of a card of the
// issuer key the other way round.
func TestVisaScript(t *testing.T) {
	mk, err := MasterKeyA(key(t, "FEDCBA98765432100123456789ABCDEF"), "1234567890123456", "00")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "MK", mk.KCV()[:4], "F010")
	atc := [2]byte{0x00, 0x1C}
	same(t, "SK", visaScriptKey(mk, atc).KCV()[:4], "DB10")
	c := Cryptogram{Value: [8]byte(unhex(t, "29CCA15AE665FA2E")), suite: suites[cvnOf{Visa, 0x0A}], atc: atc}
	mac, err := c.commandMAC(mk, [5]byte{0x84, 0x18, 0x00, 0x00, 0x08}, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "MAC", upper(mac[:]), "DB56BA60087CEFD3")
}
