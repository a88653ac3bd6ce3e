package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"rocketbank/internal/rail/emv"
	"rocketbank/internal/rail/strictjson"
)

// inspectEMV shows what the issuer computes about a card, from inputs given
// openly: it is for test keys. Errors name the field and never repeat a value.
type inspectEMV struct {
	TLV      inspectTLV      `cmd:"" name:"tlv" default:"withargs" help:"Explain chip data: hexadecimal digits of field 55."`
	ARQC     inspectARQC     `cmd:"" name:"arqc" help:"Compute a cryptogram and its answer, from JSON."`
	CVV      inspectCVV      `cmd:"" name:"cvv" help:"Compute a card verification value, from JSON."`
	PVV      inspectPVV      `cmd:"" name:"pvv" help:"Compute a PIN verification value, from JSON."`
	PINBlock inspectPINBlock `cmd:"" name:"pinblock" help:"Seal a PIN or open a PIN block, from JSON."`
}

// maxChipInput is far more than any of these inputs needs.
const maxChipInput = 64 << 10

// badInput is what an input lacks or has wrongly, by the field's name.
type badInput struct{ reason, field string }

func (b *badInput) Error() string { return b.reason + ": " + b.field }

// reader is the file that each of the commands takes.
type reader struct {
	File string `arg:"" optional:"" default:"-" help:"The input; - or nothing reads standard input."`
}

// inspect reads one JSON object, lets compute make the answer and prints it,
// or the reason why there is none.
func inspect[In, Out any](r reader, in io.Reader, out io.Writer, compute func(In) (Out, error)) error {
	raw, err := readArtefact(r.File, in, maxChipInput)
	if err != nil {
		return err
	}
	var input In
	if len(raw) > maxChipInput {
		return chipFlaw(out, emv.ErrTooLong)
	}
	if err := strictjson.Decode(raw, &input); err != nil {
		return chipFlaw(out, err)
	}
	answer, err := compute(input)
	if err != nil {
		return chipFlaw(out, err)
	}
	return json.NewEncoder(out).Encode(answer)
}

// chipFlaw prints why there is no answer.
func chipFlaw(out io.Writer, why error) error {
	told := map[string]string{}
	var (
		input *badInput
		text  *strictjson.Error
		tag   *emv.Error
		flaw  emv.Flaw
	)
	switch {
	case errors.As(why, &input):
		told["reason"], told["field"] = input.reason, input.field
	case errors.As(why, &text):
		told["reason"], told["field"] = string(text.Reason), text.Field
	case errors.As(why, &tag):
		told["reason"], told["tag"] = string(tag.Flaw), tag.Tag
	case errors.As(why, &flaw):
		told["reason"] = string(flaw)
	default:
		return why
	}
	maps.DeleteFunc(told, func(_, v string) bool { return v == "" })
	return errors.Join(errTold, json.NewEncoder(out).Encode(map[string]any{"error": told}))
}

type inspectARQC struct{ reader }

type arqcInput struct {
	Scheme string            `json:"scheme"`
	CVN    string            `json:"cvn"`
	IMK    string            `json:"imk"`
	PAN    string            `json:"pan"`
	PSN    string            `json:"psn"`
	Option string            `json:"mk_option"`
	Tags   map[string]string `json:"tags"`
	ARC    string            `json:"arc"`
	CSU    string            `json:"csu"`
	Prop   string            `json:"prop"`
}

type arqcAnswer struct {
	ARQC  string `json:"arqc"`
	ARPC  string `json:"arpc,omitempty"`
	Match *bool  `json:"match,omitempty"`
}

// Run computes a cryptogram and, where the version knows one, its answer.
func (c inspectARQC) Run(in io.Reader, out io.Writer) error {
	return inspect(c.reader, in, out, computeARQC)
}

func computeARQC(in arqcInput) (none arqcAnswer, err error) {
	scheme := emv.Scheme(in.Scheme)
	if scheme != emv.Visa && scheme != emv.Mastercard && scheme != emv.Mir {
		return none, &badInput{"unknown_scheme", "scheme"}
	}
	imk, err := keyOf("imk", in.IMK)
	if err != nil {
		return none, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return none, err
	}
	if err := cvnAgrees(scheme, in.CVN, tags); err != nil {
		return none, err
	}
	option := emv.OptionA
	switch in.Option {
	case "", "A":
	case "B":
		option = emv.OptionB
	default:
		return none, emv.ErrOption
	}
	// Without a decision of the caller the answer is that of an approval.
	arc, csu := scheme.ApprovalARC(), [4]byte{}
	if err := fill(arc[:], "arc", in.ARC); err != nil {
		return none, err
	}
	if err := fill(csu[:], "csu", in.CSU); err != nil {
		return none, err
	}
	prop, err := bytesOf("prop", in.Prop)
	if err != nil {
		return none, err
	}
	made, err := emv.ARQC(scheme, imk, in.PAN, in.PSN, option, tags)
	if err != nil {
		return none, err
	}
	answer := arqcAnswer{ARQC: upper(made.Value[:])}
	tag91, err := made.ARPC(arc, csu, prop)
	if err != nil && !errors.Is(err, emv.ErrNoARPC) {
		return none, err
	}
	answer.ARPC = upper(tag91[:made.ARPCSize()])
	if sent, ok := tags.Get("9F26"); ok {
		answer.Match = new(made.Matches(sent))
	}
	return answer, nil
}

// cvnAgrees holds the version that the caller names against the one in 9F10.
func cvnAgrees(scheme emv.Scheme, text string, tags emv.TLV) error {
	if text == "" {
		return nil
	}
	var cvn [1]byte
	if err := fill(cvn[:], "cvn", text); err != nil {
		return err
	}
	if !emv.Supported(scheme, cvn[0]) {
		return emv.ErrCVN
	}
	raw, ok := tags.Get("9F10")
	if !ok {
		return nil // the computation will miss it by its name
	}
	if iad, err := emv.ParseIAD(scheme, raw); err == nil && iad.CVN != cvn[0] {
		return &badInput{"cvn_differs", "cvn"}
	}
	return nil
}

// tagsOf makes chip data of names and hexadecimal values.
func tagsOf(in map[string]string) (emv.TLV, error) {
	var tags emv.TLV
	for _, name := range slices.Sorted(maps.Keys(in)) {
		v, err := bytesOf("tags."+name, in[name])
		if err != nil {
			return tags, err
		}
		if _, ok := tags.Get(name); ok { // as 9f02 beside 9F02
			return tags, &badInput{string(emv.ErrDuplicate), "tags." + name}
		}
		if err := tags.Set(name, v); err != nil {
			var flaw emv.Flaw
			errors.As(err, &flaw)
			return tags, &badInput{string(flaw), "tags." + name}
		}
	}
	return tags, nil
}

type inspectCVV struct{ reader }

type cvvInput struct {
	CVK     string `json:"cvk"`
	PAN     string `json:"pan"`
	Expiry  string `json:"exp"`
	Service string `json:"sc"`
	CVV     string `json:"cvv"`
}

type cvvAnswer struct {
	CVV   string `json:"cvv"`
	Match *bool  `json:"match,omitempty"`
}

// Run computes a card verification value.
func (c inspectCVV) Run(in io.Reader, out io.Writer) error {
	return inspect(c.reader, in, out, func(in cvvInput) (a cvvAnswer, err error) {
		cvk, err := keyOf("cvk", in.CVK)
		if err != nil {
			return a, err
		}
		a.CVV, err = emv.CVV(cvk, in.PAN, in.Expiry, in.Service)
		a.Match = match(a.CVV, in.CVV)
		return a, err
	})
}

type inspectPVV struct{ reader }

type pvvInput struct {
	PVK  string `json:"pvk"`
	PVKI word   `json:"pvki"`
	PAN  string `json:"pan"`
	PIN  string `json:"pin"`
	PVV  string `json:"pvv"`
}

type pvvAnswer struct {
	PVV   string `json:"pvv"`
	Match *bool  `json:"match,omitempty"`
}

// Run computes a PIN verification value.
func (c inspectPVV) Run(in io.Reader, out io.Writer) error {
	return inspect(c.reader, in, out, func(in pvvInput) (a pvvAnswer, err error) {
		pvk, err := keyOf("pvk", in.PVK)
		if err != nil {
			return a, err
		}
		if len(in.PVKI) != 1 || in.PVKI[0] < '0' || in.PVKI[0] > '9' {
			return a, emv.ErrPVKI
		}
		a.PVV, err = emv.PVV(pvk, in.PVKI[0], in.PAN, in.PIN)
		a.Match = match(a.PVV, in.PVV)
		return a, err
	})
}

type inspectPINBlock struct{ reader }

type pinBlockInput struct {
	Format word   `json:"format"`
	Key    string `json:"key"`
	PAN    string `json:"pan"`
	PIN    string `json:"pin"`
	Block  string `json:"block"`
}

type pinBlockAnswer struct {
	Block string `json:"block,omitempty"`
	PIN   string `json:"pin,omitempty"`
}

// Run seals a PIN or opens a block.
func (c inspectPINBlock) Run(in io.Reader, out io.Writer) error {
	return inspect(c.reader, in, out, func(in pinBlockInput) (a pinBlockAnswer, err error) {
		key, err := bytesOf("key", in.Key)
		if err != nil {
			return a, err
		}
		block, err := bytesOf("block", in.Block)
		if err != nil {
			return a, err
		}
		if (in.PIN == "") == (in.Block == "") {
			return a, &badInput{"pin_or_block", "pin"}
		}
		switch {
		case in.Format == "4" && in.Block == "":
			block, err = emv.EncodeISO4(key, in.PAN, in.PIN, rand.Reader)
		case in.Format == "4":
			a.PIN, err = emv.DecodeISO4(key, in.PAN, block)
		case in.Format != "0":
			return a, &badInput{"unknown_format", "format"}
		default:
			zpk, bad := emv.NewKey2(key)
			switch {
			case bad != nil:
				err = bad
			case in.Block == "":
				block, err = emv.EncodeISO0(zpk, in.PAN, in.PIN)
			default:
				a.PIN, err = emv.DecodeISO0(zpk, in.PAN, block)
			}
		}
		if in.Block == "" {
			a.Block = upper(block)
		}
		return a, err
	})
}

// word is a short text that may also be written as a number, as people write
// the index of a key.
type word string

// UnmarshalJSON takes "1" and 1.
func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*w = word(s)
		return nil
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	*w = word(n)
	return err
}

func match(made, given string) *bool {
	if given == "" {
		return nil
	}
	return new(emv.Same(made, given))
}

func keyOf(field, s string) (emv.Key2, error) {
	k, err := emv.ParseKey2(s)
	if err != nil {
		return k, &badInput{string(emv.ErrKey), field}
	}
	return k, nil
}

func bytesOf(field, s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, &badInput{"bad_hex", field}
	}
	return b, nil
}

// fill puts hexadecimal digits of exactly the length into a value; none leave
// it as it is.
func fill(into []byte, field, s string) error {
	if s == "" {
		return nil
	}
	b, err := bytesOf(field, s)
	if err == nil && len(b) != len(into) {
		err = &badInput{string(emv.ErrLength), field}
	}
	copy(into, b)
	return err
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

type inspectTLV struct {
	reader
	Unmask bool `help:"Show card numbers whole."`
}

type tlvAnswer struct {
	Tags   []tagShown   `json:"tags"`
	Kind   string       `json:"cryptogram,omitempty"`
	Scheme emv.Scheme   `json:"scheme,omitempty"`
	Issuer *issuerShown `json:"issuer_data,omitempty"`
	TVR    []string     `json:"tvr,omitempty"`
	CVM    string       `json:"cvm,omitempty"`
}

type tagShown struct {
	Tag   string `json:"tag"`
	Name  string `json:"name,omitempty"`
	Value string `json:"value"`
}

type issuerShown struct {
	DKI       string `json:"dki"`
	CVN       string `json:"cvn"`
	CVR       string `json:"cvr"`
	Counters  string `json:"counters,omitempty"`
	Supported bool   `json:"supported"`
}

// Run explains chip data. Blanks between the digits are allowed.
func (c inspectTLV) Run(in io.Reader, out io.Writer) error {
	raw, err := readArtefact(c.File, in, maxChipInput)
	if err != nil {
		return err
	}
	if len(raw) > maxChipInput {
		return chipFlaw(out, emv.ErrTooLong)
	}
	data := make([]byte, len(raw)/2+1)
	digits := bytes.Join(bytes.Fields(raw), nil)
	n, err := hex.Decode(data, digits)
	switch {
	case err != nil:
		return chipFlaw(out, &badInput{"bad_hex", ""})
	case n == 0:
		return chipFlaw(out, &badInput{"empty", ""})
	}
	tags, err := emv.ParseTLV(data[:n])
	if err != nil {
		return chipFlaw(out, err)
	}
	return json.NewEncoder(out).Encode(c.explain(tags))
}

func (c inspectTLV) explain(tags emv.TLV) tlvAnswer {
	a := tlvAnswer{Tags: []tagShown{}, Scheme: emv.SchemeOf(tags)}
	for _, tag := range tags.Tags() {
		v, _ := tags.Get(tag)
		shown := upper(v)
		if (tag == "5A" || tag == "57") && !c.Unmask {
			shown = maskNumber(shown)
		}
		a.Tags = append(a.Tags, tagShown{tag, emv.TagName(tag), shown})
	}
	if kind, ok := emv.KindOf(tags); ok {
		a.Kind = kind.String()
	}
	if tvr, ok := emv.TVROf(tags); ok {
		a.TVR = tvr.Names()
	}
	if cvm, ok := emv.CVMOf(tags); ok {
		a.CVM = cvm.Method.String()
	}
	if raw, ok := tags.Get("9F10"); ok && a.Scheme != "" {
		if iad, err := emv.ParseIAD(a.Scheme, raw); err == nil {
			a.Issuer = &issuerShown{fmt.Sprintf("%02X", iad.DKI), fmt.Sprintf("%02X", iad.CVN), upper(iad.CVR), upper(iad.Counters), emv.Supported(a.Scheme, iad.CVN)}
		}
	}
	return a
}

// maskNumber keeps the first six and the last four digits of a number and
// nothing of a track behind it.
func maskNumber(s string) string {
	number := s
	if end := strings.IndexAny(s, "DF"); end >= 0 {
		number = s[:end]
	}
	if len(number) < 12 {
		return strings.Repeat("*", len(s))
	}
	return number[:6] + strings.Repeat("*", len(number)-10) + number[len(number)-4:] + strings.Repeat("*", len(s)-len(number))
}
