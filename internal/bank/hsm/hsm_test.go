package hsm_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/hsm"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/emv"
)

const (
	pan    = "5500001234567894"
	other  = "5500009876543217"
	expiry = "3111"
)

func soft(t testing.TB) *hsm.Soft {
	t.Helper()
	s, err := hsm.New(vault.Ephemeral())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A PIN that was set is right in both formats; another card's block, another
// format or rubbish is no wrong PIN.
func TestPIN(t *testing.T) {
	t.Parallel()
	s := soft(t)
	zpk, aes := s.DemoTerminalKeys()
	pvv := must(s.PVV(pan, vault.Hide("2580"))).Reveal()
	if len(pvv) != 4 {
		t.Fatalf("a PVV of %d digits", len(pvv))
	}
	iso0 := func(pan, pin string) []byte { return must(emv.EncodeISO0(zpk, pan, pin)) }
	sealed4 := func(pan, pin string) []byte {
		return must(emv.EncodeISO4(aes, pan, pin, bytes.NewReader(bytes.Repeat([]byte{7}, 8))))
	}
	for name, tc := range map[string]struct {
		block []byte
		iso4  bool
		ok    bool
		err   error
	}{
		"right":                {iso0(pan, "2580"), false, true, nil},
		"right, ISO-4":         {sealed4(pan, "2580"), true, true, nil},
		"wrong":                {iso0(pan, "2581"), false, false, nil},
		"wrong, ISO-4":         {sealed4(pan, "0852"), true, false, nil},
		"longer, same start":   {iso0(pan, "25801"), false, false, nil},
		"another card's":       {iso0(other, "2580"), false, false, emv.ErrPINBlock},
		"another card's ISO-4": {sealed4(other, "2580"), true, false, emv.ErrPINBlock},
		"another format":       {sealed4(pan, "2580"), false, false, emv.ErrPINBlock},
		"empty":                {nil, false, false, emv.ErrPINBlock},
		"rubbish":              {bytes.Repeat([]byte{0x5A}, 16), true, false, emv.ErrPINBlock},
	} {
		if ok, err := s.VerifyPIN(pan, tc.block, tc.iso4, pvv); ok != tc.ok || !errors.Is(err, tc.err) {
			t.Errorf("%s: %v, %v; want %v, %v", name, ok, err, tc.ok, tc.err)
		}
	}
	for pin, want := range map[string]error{
		"1111": hsm.ErrPINWeak, "1234": hsm.ErrPINWeak, "4321": hsm.ErrPINWeak, "7890": hsm.ErrPINWeak, "0000": hsm.ErrPINWeak,
		"123": hsm.ErrPINForm, "12345": hsm.ErrPINForm, "": hsm.ErrPINForm, "12a4": hsm.ErrPINForm, "١٢٣٤": hsm.ErrPINForm, "1357": nil, "1122": nil,
	} {
		if _, err := s.PVV(pan, vault.Hide(pin)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", pin, err, want)
		}
	}
	for _, iso4 := range []bool{false, true} {
		block := iso0(pan, "2580")
		if iso4 {
			block = sealed4(pan, "2580")
		}
		if got, err := s.OpenPIN(pan, block, iso4); err != nil || got.Reveal() != "2580" {
			t.Errorf("ISO-4 %v: the block does not open, %v", iso4, err)
		}
		if got, err := s.OpenPIN(other, block, iso4); !errors.Is(err, emv.ErrPINBlock) || !got.Empty() {
			t.Errorf("ISO-4 %v: another card opens the block, %v", iso4, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestCVC(t *testing.T) {
	t.Parallel()
	s := soft(t)
	now := time.Date(2026, 11, 22, 9, 29, 59, 0, time.UTC)
	values := map[string]string{"printed": must(s.CVV2(pan, expiry)), "stripe": must(s.CVV(pan, expiry, "201")), "chip": must(s.ICVV(pan, expiry)), "contactless": must(s.DCVV(pan, expiry, "201", "0001"))}
	for what, v := range values {
		if len(v) != 3 {
			t.Errorf("%s: %d digits", what, len(v))
		}
	}
	shown, until, err := s.ShownCVV2(pan, expiry, now)
	if err != nil || len(shown) != 3 || !until.Equal(now.Add(time.Second)) {
		t.Errorf("until %v, %v", until, err)
	}
	// Each slice's value is good in that slice, the one before and the one after.
	at := func(d time.Duration) []string { return must(s.DynamicCVV2(pan, expiry, now.Add(d))) }
	if g := at(0); len(g) != 3 || g[1] != shown || at(30 * time.Minute)[0] != shown || at(-30 * time.Minute)[2] != shown ||
		at(time.Second)[0] != shown || at(60 * time.Minute)[0] != g[2] || at(-60 * time.Minute)[2] != g[0] {
		t.Error("the slices do not follow each other")
	}
	if _, _, err := s.ShownCVV2("x", expiry, now); err == nil {
		t.Error("a number of letters has a value")
	}
	if _, err := s.DynamicCVV2(pan, "12", now); err == nil {
		t.Error("half a date has a value")
	}
}

// A dynamic value depends on the card, its date and the slice, and is not the
// printed one.
func TestDynamicCVCDiffers(t *testing.T) {
	t.Parallel()
	s, cards, times := soft(t), 0, 0
	last := ""
	for i := range 200 {
		at := time.Unix(1_800_000_000, 0).Add(time.Duration(i) * 30 * time.Minute)
		a, _, _ := s.ShownCVV2(pan, expiry, at)
		b, _, _ := s.ShownCVV2(other, expiry, at)
		if a == b {
			cards++
		}
		if a == last {
			times++
		}
		last = a
	}
	if cards > 5 || times > 5 { // one in five is expected, six in a million banks
		t.Errorf("two cards agree %d times of 200, two slices %d times", cards, times)
	}
}

// The chip that the factory makes speaks with the module: its cryptogram
// matches in every version, the answer is checked by the card, and the script
// is its own.
func TestChip(t *testing.T) {
	t.Parallel()
	s := soft(t)
	chip, err := s.Personalise(pan, "01", expiry)
	if err != nil {
		t.Fatal(err)
	}
	if got := chip.Track2.Reveal(); got != pan+"=3111201"+"00000"+must(s.CVV(pan, expiry, "201"))+"00" || len(got) > 37 {
		t.Errorf("track 2: %d characters", len(got))
	}
	if got := chip.Track57.Reveal(); got != pan+"D3111201"+"00000"+must(s.ICVV(pan, expiry))+"00" {
		t.Errorf("the chip's track: %d characters", len(got))
	}
	for _, cvn := range []byte{0x10, 0x11, 0x14, 0x15} {
		tags := chipData(t, cvn)
		card, err := emv.CardARQC(emv.Mastercard, chip.AC, tags)
		if err != nil {
			t.Fatal(err)
		}
		want, err := s.Cryptogram(pan, "01", tags)
		if err != nil || !want.Matches(card.Value[:]) {
			t.Fatalf("CVN %x: %v", cvn, err)
		}
		if wrong, err := s.Cryptogram(pan, "02", tags); err != nil || wrong.Matches(card.Value[:]) {
			t.Errorf("CVN %x: another sequence number, %v", cvn, err)
		}
		a, err := want.ARPC(emv.Mastercard.ApprovalARC(), [4]byte{}, nil)
		b, err2 := card.ARPC(emv.Mastercard.ApprovalARC(), [4]byte{}, nil)
		if err != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("CVN %x: the answers differ", cvn)
		}
		script, err := emv.ParseScript(must(s.UnblockScript(pan, "01", tags)))
		if err != nil || len(script.Commands) != 1 || !card.IsUnblockPIN(chip.SMI, script.Commands[0]) {
			t.Errorf("CVN %x: the script is not the card's, %v", cvn, err)
		}
	}
	if _, err := s.Cryptogram(pan, "01", chipData(t, 0x12)); !errors.Is(err, emv.ErrCVN) {
		t.Errorf("an unknown version: %v", err)
	}
	if _, err := s.UnblockScript(pan, "01", chipData(t, 0x12)); !errors.Is(err, emv.ErrCVN) {
		t.Errorf("a script for an unknown version: %v", err)
	}
	if _, err := s.Personalise("123", "01", expiry); err == nil {
		t.Error("a card of three digits was made")
	}
}

func chipData(t *testing.T, cvn byte) emv.TLV {
	t.Helper()
	var tags emv.TLV
	for tag, v := range map[string]string{
		"9F02": "000000125050", "9F03": "000000000000", "9F1A": "0643", "95": "0000008000", "5F2A": "0643", "9A": "261122", "9C": "00",
		"9F37": "11223344", "82": "1900", "9F36": "0001", "9F10": fmt.Sprintf("01%02XA000032200000000", cvn) + strings.Repeat("00", 9),
	} {
		raw, err := hex.DecodeString(v)
		if err == nil {
			err = tags.Set(tag, raw)
		}
		if err != nil {
			t.Fatal(tag, err)
		}
	}
	return tags
}

// Two processes with one key set agree; two banks do not.
func TestKeysAreTheVaults(t *testing.T) {
	t.Parallel()
	v := vault.Ephemeral()
	a, b := must(hsm.New(v)), must(hsm.New(v))
	zpk, _ := a.DemoTerminalKeys()
	block := must(emv.EncodeISO0(zpk, pan, "2580"))
	if ok, err := b.VerifyPIN(pan, block, false, must(a.PVV(pan, vault.Hide("2580"))).Reveal()); !ok || err != nil {
		t.Error("the second process refuses what the first has set", err)
	}
	if ok, err := soft(t).VerifyPIN(pan, block, false, "0000"); ok || !errors.Is(err, emv.ErrPINBlock) {
		t.Errorf("another bank opens the block: %v, %v", ok, err)
	}
	id, key := a.AuthenticationKey()
	if _, again := b.AuthenticationKey(); id != 1 || len(key) != 16 || !bytes.Equal(key, again) {
		t.Error("the keys of authentication values differ")
	}
}

// C02: nothing prints a key, whatever the verb.
func TestC02_NothingPrintsKeys(t *testing.T) {
	t.Parallel()
	s := soft(t)
	zpk, aes := s.DemoTerminalKeys()
	chip := must(s.Personalise(pan, "01", expiry))
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("careless", "hsm", s, "chip", chip)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, s, chip, struct{ s *hsm.Soft }{s})
	}
	text := strings.ToLower(out.String())
	for what, secret := range map[string]string{"zone key": hex.EncodeToString(zpk.Reveal()), "PIN key": hex.EncodeToString(aes), "card's key": hex.EncodeToString(chip.AC.Reveal()),
		"number": pan, "track": chip.Track2.Reveal()} {
		if strings.Contains(text, secret) {
			t.Errorf("the %s is printed", what)
		}
	}
}
