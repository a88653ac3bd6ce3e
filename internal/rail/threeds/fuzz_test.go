package threeds_test

import (
	"encoding/base64"
	"testing"

	"rocketbank/internal/rail/threeds"
)

// Whatever comes, there is a message or an Erro that can itself be read, and
// a message that was taken is taken again when we send it (but for an app's,
// whose device data we leave behind).
func FuzzParseAReq(f *testing.F) {
	for _, s := range []string{areqExample, aresExample, rreqExample, rresExample, "{}", "[]", "null", `{"messageType":"AReq","messageType":"AReq"}`} {
		f.Add([]byte(s))
	}
	f.Add(edited(f, areqExample, set("deviceChannel", "03"), set("threeRIInd", "01")))
	f.Add(edited(f, areqExample, set("messageExtension", []any{map[string]any{"name": "n", "id": "i", "criticalityIndicator": false, "data": map[string]any{"a": "b"}}})))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, bad := threeds.ParseAReq(body)
		if bad != nil {
			if _, ok := threeds.ParseErro(bad.Encode()); !ok || bad.Code == "" || bad.Description == "" || len(bad.Detail) > 2048 {
				t.Fatalf("answered %+v", bad)
			}
		} else if a.Channel != threeds.ChannelApp {
			sent, err := a.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, bad := threeds.ParseAReq(sent); bad != nil && len(sent) <= threeds.MaxBody {
				t.Fatalf("taken, and refused when sent on: %v\n%s", bad, sent)
			}
		}
		_, _ = threeds.ParseARes(body)
		_, _ = threeds.ParseRReq(body)
		_, _ = threeds.ParseRRes(body)
		_, _ = threeds.ParsePReq(body)
	})
}

func FuzzParseCReq(f *testing.F) {
	f.Add(creqExample)
	f.Add(creqExample + "==")
	f.Add(cresExample)
	f.Add(threeds.MethodData{ServerTransID: serverTransID, NotificationURL: "https://3dss.example/"}.Encode())
	f.Fuzz(func(t *testing.T, field string) {
		if c, bad := threeds.ParseCReq(field); bad == nil {
			if again, bad := threeds.ParseCReq(threeds.EncodeCReq(c)); bad != nil || again != c {
				t.Fatalf("%+v became %+v, %v", c, again, bad)
			}
		} else if _, ok := threeds.ParseErro(bad.Encode()); !ok {
			t.Fatalf("answered %+v", bad)
		}
		_, _ = threeds.ParseCRes(field)
		if d, err := threeds.ParseMethodData(field); err == nil {
			if again, err := threeds.ParseMethodData(d.Encode()); err != nil || again != d {
				t.Fatalf("%+v became %+v, %v", d, again, err)
			}
		}
		_ = threeds.CheckSessionData(field)
	})
}

// No text passes as a value for the example's purchase but the value itself
// (and, since the seal does not hold them, others of its ATN and key number).
func FuzzAuthenticationValue(f *testing.F) {
	f.Add(valueExample)
	f.Add("sQIBSWEkHMN07OMAAAAAB1vNFQA=")
	f.Add("")
	s := sealedExample(f)
	f.Fuzz(func(t *testing.T, in string) {
		v, err := threeds.ParseValue(in)
		if err != nil {
			return
		}
		made, err := makeValue(key(), v, s)
		if err != nil {
			t.Fatal(err)
		}
		if ok := v.Verify(key(), s) == nil; ok != (made == in) {
			t.Fatalf("%q verifies: %v, ours is %q", in, ok, made)
		}
		if raw, err := base64.StdEncoding.DecodeString(in); err != nil || len(raw) != 20 {
			t.Fatalf("%q was taken", in)
		}
	})
}
