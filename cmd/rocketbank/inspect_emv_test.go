package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inspectEMVCase is an input and the line that is printed, with # for one
// hexadecimal digit that chance chooses.
type inspectEMVCase struct{ verb, in, want string }

// The vectors are those of package emv; the block of format 0 is OpenSSL's.
func emvAnswers() []inspectEMVCase {
	return []inspectEMVCase{
		{"arqc", `{"scheme":"visa","cvn":"0a","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","psn":"00","mk_option":"A","arc":"3030","tags":{"9F02":"000000004000","9F03":"000000000000","9F1A":"0124","95":"8000048000","5F2A":"0124","9A":"191105","9C":"01","9F37":"52BF4585","82":"1800","9F36":"001C","9F10":"06010A03A06010"}}`, `{"arqc":"29CCA15AE665FA2E","arpc":"28993816AFAE4AEB"}`},
		{"arqc", `{"scheme":"visa","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","psn":"00","csu":"00000000","tags":{"9F02":"000000004000","9F03":"000000000000","9F1A":"0124","95":"8000048000","5F2A":"0124","9A":"191105","9C":"01","9F37":"52BF4585","82":"1800","9F36":"001C","9F10":"06011203A0B800","9F26":"7A788EA6B8A3E733"}}`, `{"arqc":"7A788EA6B8A3E733","arpc":"9AF514C1","match":true}`},
		{"arqc", `{"scheme":"visa","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F02":"000000004000","9F03":"000000000000","9F1A":"0124","95":"8000048000","5F2A":"0124","9A":"191105","9C":"01","9F37":"52BF4585","82":"1800","9F36":"001C","9F10":"06011203A0B800","9F26":"7A788EA6B8A3E734"}}`, `{"arqc":"7A788EA6B8A3E733","arpc":"9AF514C1","match":false}`},
		{"arqc", `{"scheme":"mastercard","cvn":"10","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","psn":"00","mk_option":"B","arc":"0010","tags":{"9F02":"000000009999","9F03":"000000000000","9F1A":"0124","95":"8000000000","5F2A":"0124","9A":"209906","9C":"00","9F37":"ABCDEF12","82":"1800","9F36":"001C","9F10":"0110A000032200000000"}}`, `{"arqc":"24CCF3DEE3158C70","arpc":"73F6BBF389A6586C"}`},
		{"arqc", `{"scheme":"visa","cvn":"11","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F02":"000000004000","9F37":"52BF4585","9F36":"001C","9F10":"06011103A06010"}}`, `{"arqc":"################"}`},
		{"cvv", `{"cvk":"99999999999999998888888888888888","pan":"2222222222222222","exp":"3333","sc":"111"}`, `{"cvv":"361"}`},
		{"cvv", `{"cvk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","exp":"9912","sc":"220","cvv":"170"}`, `{"cvv":"170","match":true}`},
		{"pvv", `{"pvk":"0123456789ABCDEFFEDCBA9876543210","pvki":"1","pan":"1122334455667788","pin":"4524","pvv":"8523"}`, `{"pvv":"8523","match":true}`},
		{"pvv", `{"pvk":"0123456789ABCDEFFEDCBA9876543210","pvki":3,"pan":"1122334455667788","pin":"4524","pvv":"8523"}`, `{"pvv":"4021","match":false}`},
		{"pinblock", `{"format":"0","key":"0123456789ABCDEFFEDCBA9876543210","pan":"5544332211009966","pin":"1234"}`, `{"block":"24B5254F5321BBC2"}`},
		{"pinblock", `{"format":"0","key":"0123456789ABCDEFFEDCBA9876543210","pan":"5544332211009966","block":"24B5254F5321BBC2"}`, `{"pin":"1234"}`},
		{"pinblock", `{"format":"4","key":"00112233445566778899AABBCCDDEEFF","pan":"1234567890123456789","block":"28B41FDDD29B743E93124BD8E32D921E"}`, `{"pin":"1234"}`},
		{"pinblock", `{"format":4,"key":"00112233445566778899AABBCCDDEEFF","pan":"1234567890123456789","pin":"1234"}`, `{"block":"################################"}`},
	}
}

func emvRefusals() []inspectEMVCase {
	return []inspectEMVCase{
		{"arqc", `{"scheme":"visa","cvn":"0E","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F10":"06010E03A06010"}}`, `{"error":{"reason":"unknown_cvn"}}`},
		{"arqc", `{"scheme":"visa","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F10":"06010A03A06010"}}`, `{"error":{"field":"cvn","reason":"cvn_differs"}}`},
		{"arqc", `{"scheme":"visa","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F02":"000000004000"}}`, `{"error":{"reason":"missing_tag","tag":"9F10"}}`},
		{"arqc", `{"scheme":"visa","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F02":"000000004000","9f02":"000000004001"}}`, `{"error":{"field":"tags.9f02","reason":"duplicate_tag"}}`},
		{"arqc", `{"scheme":"visa","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{"9F02":"000000004000","9F02":"000000004001"}}`, `{"error":{"field":"tags.9F02","reason":"duplicate_field"}}`},
		{"arqc", `{"scheme":"visa","cvm":"12"}`, `{"error":{"field":"cvm","reason":"unknown_field"}}`},
		{"arqc", `{"scheme":"amex","cvn":"12","imk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234567890123456","tags":{}}`, `{"error":{"field":"scheme","reason":"unknown_scheme"}}`},
		{"arqc", ``, `{"error":{"reason":"bad_json"}}`},
		{"cvv", `{"cvk":"0123456789ABCDEF","pan":"1234567890123456","exp":"9912","sc":"220"}`, `{"error":{"field":"cvk","reason":"bad_key"}}`},
		{"cvv", `{"cvk":"0123456789ABCDEFFEDCBA9876543210","pan":"1234 5678 9012 3456","exp":"9912","sc":"220"}`, `{"error":{"reason":"bad_pan"}}`},
		{"pvv", `{"pvk":"0123456789ABCDEFFEDCBA9876543210","pvki":12,"pan":"1122334455667788","pin":"4524"}`, `{"error":{"reason":"bad_pvki"}}`},
		{"pinblock", `{"format":"0","key":"FEDCBA98765432100123456789ABCDEF","pan":"5544332211009966","block":"24B5254F5321BBC2"}`, `{"error":{"reason":"bad_pin_block"}}`},
		{"pinblock", `{"format":"0","key":"0123456789ABCDEFFEDCBA9876543210","pan":"5544332211009966","pin":"1234","block":"24B5254F5321BBC2"}`, `{"error":{"field":"pin","reason":"pin_or_block"}}`},
		{"pinblock", `{"format":"3","key":"0123456789ABCDEFFEDCBA9876543210","pan":"5544332211009966","pin":"1234"}`, `{"error":{"field":"format","reason":"unknown_format"}}`},
		{"pinblock", `{"format":"0","key":"0123456789ABCDEFFEDCBA9876543210","pan":"5544332211009966","pin":"12a4"}`, `{"error":{"reason":"bad_pin"}}`},
		{"tlv", `9F26087A788EA6`, `{"error":{"reason":"truncated","tag":"9F26"}}`},
		{"tlv", ``, `{"error":{"reason":"empty"}}`},
		{"tlv", `{"cvk":"99999999999999998888888888888888","pan":"2222222222222222","exp":"3333","sc":"111"}`, `{"error":{"reason":"bad_hex"}}`},
	}
}

// inspectEMVOf runs the program as the command line does.
func inspectEMVOf(t *testing.T, verb, in string) (code int, out, errs string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	code = run(context.Background(), []string{"inspect", "emv", verb, path}, &o, &e)
	return code, strings.TrimSuffix(o.String(), "\n"), e.String()
}

func TestInspectEMV(t *testing.T) {
	t.Parallel()
	for _, c := range emvAnswers() {
		code, out, errs := inspectEMVOf(t, c.verb, c.in)
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(c.want), "#", "[0-9A-F]") + "$")
		if code != 0 || errs != "" || !want.MatchString(out) {
			t.Errorf("%s %s: %d %s %s, want %s", c.verb, c.in, code, out, errs, c.want)
		}
	}
	for _, c := range emvRefusals() {
		if code, out, errs := inspectEMVOf(t, c.verb, c.in); code != 1 || errs != "" || out != c.want {
			t.Errorf("%s %s: %d %s %s, want %s", c.verb, c.in, code, out, errs, c.want)
		}
	}
}

// Whatever one member becomes, there is one line of JSON and no crash, and a
// refusal repeats nothing of what was given.
func TestInspectEMVOfAnything(t *testing.T) {
	t.Parallel()
	odd := []any{nil, "", "0", "zz", "7777777777777777777777777777777777777777", strings.Repeat("7", 70000), -1, 1.5, true, []any{1}, map[string]any{"9F02": "77777777777777"}}
	seen := map[string]bool{}
	for _, c := range emvAnswers() {
		kind, _, _ := strings.Cut(c.want, ":") // one of each shape will do
		if kind = c.verb + kind; seen[kind] {
			continue
		}
		seen[kind] = true
		var whole map[string]any
		if err := json.Unmarshal([]byte(c.in), &whole); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(whole)) {
			for _, v := range odd {
				changed := maps.Clone(whole)
				if changed[name] = v; v == nil {
					delete(changed, name)
				}
				in, err := json.Marshal(changed)
				if err != nil {
					t.Fatal(err)
				}
				code, out, errs := inspectEMVOf(t, c.verb, string(in))
				var answer map[string]any
				if err := json.Unmarshal([]byte(out), &answer); err != nil || errs != "" || code > 1 || (code == 1) != (answer["error"] != nil) {
					t.Errorf("%s, %s is %.40v: %d %s %s", c.verb, name, v, code, out, errs)
				}
				if code == 1 && strings.Contains(out, "7777") {
					t.Errorf("%s, %s is %.40v: repeated in %s", c.verb, name, v, out)
				}
			}
		}
	}
}
