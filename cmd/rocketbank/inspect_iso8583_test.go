package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rocketbank/internal/rail/iso8583"
)

// chipFrame is a frame around chip data, with a field behind them.
func chipFrame(t testing.TB, chip string) string {
	t.Helper()
	m := iso8583.NewMessage("0100")
	m.Set(3, "000000")
	m.Set(55, chip)
	m.Set(70, "301")
	body, err := iso8583.Standard().Pack(m)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := iso8583.AppendFrame(nil, iso8583.Binary2{}, body)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(frame)
}

func TestInspectISO8583Refuses(t *testing.T) {
	t.Parallel()
	const echo = "0027303830308220000000000000040000000000000031313232303934353030303030303031333031"
	for name, c := range map[string]struct {
		in            string
		unframed      bool
		reason        string
		field, offset int
	}{
		"nothing":               {"", false, "empty", 0, 0},
		"nothing, unframed":     {" \n", true, "empty", 0, 0},
		"a keep-alive":          {"0000", false, "empty", 0, 0},
		"half a length":         {"00", false, "truncated", 0, 0},
		"a length alone":        {"0027", false, "truncated", 0, 0},
		"cut in a field":        {echo[:60], false, "truncated", 7, 20},
		"cut between fields":    {echo[:64], false, "truncated", 11, 30},
		"whole, said longer":    {"0028" + echo[4:], false, "truncated", 0, 39},
		"something behind":      {echo + "00", false, "trailing", 0, 39},
		"behind, unframed":      {echo[4:] + "00", true, "trailing", 0, 39},
		"a frame for a message": {echo, true, "mti", 0, 0},
		"no hex":                {"0027xy", false, "bad_hex", 0, 2},
		"half a byte":           {echo[:5], false, "bad_hex", 0, 2},
		"third bitmap":          {"0018" + "30313030" + "8000000000000000" + "8000000000000000" + "00000000", false, "third_bitmap", 65, 12},
		"unknown field":         {"30313030" + "0000000000080000", true, "unknown_field", 45, 12},
		"letter among digits":   {"30313030" + "2000000000000000" + "303030413030", true, "charset", 3, 15},
		"chip data cut short":   {chipFrame(t, "\x9f\x26\x08\x01"), false, "truncated", 55, 29},
		"a tag twice":           {chipFrame(t, "\x9c\x01\x00\x9c\x01\x00"), false, "duplicate_tag", 55, 29},
		"endless":               {strings.Repeat("0", maxFrameInput+1), false, "too_long", 0, 0},
	} {
		var out bytes.Buffer
		err := inspectISO8583{File: "-", Unframed: c.unframed}.Run(strings.NewReader(c.in), &out)
		var got struct {
			Error struct {
				Reason        string
				Field, Offset int
			}
		}
		if !errors.Is(err, errTold) || json.Unmarshal(out.Bytes(), &got) != nil || got.Error.Reason != c.reason || got.Error.Field != c.field || got.Error.Offset != c.offset {
			t.Errorf("%s: %v %s", name, err, out.String())
		}
	}
}

// What chip data tell of the card and its holder is masked too.
func TestInspectISO8583MasksChipData(t *testing.T) {
	t.Parallel()
	frame := chipFrame(t, "\x5a\x0a\x22\x00\x00\x00\x00\x00\x00\x00\x04\xff"+"\x57\x0c\x22\x00\x00\x00\x00\x00\x00\x04\xd2\x81\x22\x01"+"\x5f\x20\x04ANNA"+"\x9c\x01\x00")
	for unmask, want := range map[bool]string{
		false: `"5A":"220000****0004","57":"****","5F20":"****","9C":"00"`,
		true:  `"5A":"220000000000000004FF","57":"2200000000000004D2812201","5F20":"414E4E41","9C":"00"`,
	} {
		var out bytes.Buffer
		err := inspectISO8583{File: "-", Unmask: unmask}.Run(strings.NewReader(frame), &out)
		if want = `{"mti":"0100","fields":{"3":"000000","55":{` + want + `},"70":"301"}}` + "\n"; err != nil || out.String() != want {
			t.Errorf("%v %s", err, out.String())
		}
	}
}

// Whatever comes in, one JSON object comes out: a frame cut anywhere and one
// with any of its bytes changed. (The codec behind it is fuzzed in its own room.)
func TestInspectISO8583NeverCrashes(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join("testdata", "script", "inspect_iso8583.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "-- chip.hex --\n")
	text, _, _ := strings.Cut(rest, "-- ")
	frame, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	inspect := func(frame []byte) error {
		var out bytes.Buffer
		err := inspectISO8583{File: "-"}.Run(strings.NewReader(hex.EncodeToString(frame)), &out)
		if err != nil && !errors.Is(err, errTold) || !json.Valid(out.Bytes()) {
			t.Fatalf("%X: %v %s", frame, err, out.String())
		}
		return err
	}
	for i := range frame {
		if inspect(frame[:i]) == nil {
			t.Errorf("cut at %d and read", i)
		}
		whole := frame[i]
		for _, other := range []byte{0x00, 0xff, whole ^ 0x01, whole ^ 0x80, whole + 1} {
			frame[i] = other
			inspect(frame) //nolint:errcheck // some are right
		}
		frame[i] = whole
	}
}
