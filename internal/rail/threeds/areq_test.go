package threeds_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"rocketbank/internal/rail/threeds"
)

func TestParseAReq_Example(t *testing.T) {
	t.Parallel()
	a, bad := threeds.ParseAReq([]byte(areqExample))
	if bad != nil {
		t.Fatal(bad)
	}
	if a.ServerTransID != serverTransID || a.DSTransID != dsTransID || a.AcctNumber.Reveal() != "2200000000000004" ||
		a.Channel != threeds.ChannelBrowser || a.Category != threeds.Payment || a.MerchantName != "Test Shop" || !a.Script() ||
		a.NotificationURL != "https://shop.example/3ds/done" || a.ChallengeInd != threeds.NoPreference {
		t.Errorf("read %+v", a)
	}
	if n, ok := a.Amount(); n != 125050 || !ok {
		t.Errorf("amount %d %v", n, ok)
	}
	if got := a.At().Format("2006-01-02 15:04:05"); got != "2026-11-22 09:45:01" {
		t.Errorf("at %s", got)
	}
	body, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if json.Unmarshal([]byte(areqExample), &want) != nil || json.Unmarshal(body, &got) != nil || fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("encoded %s", body)
	}
}

// One row per rule of the reference: what is done to the right message, and
// the code and the elements of the answer. No code means that it is right.
func TestParseAReq_Rules(t *testing.T) {
	t.Parallel()
	threeRI := func(m map[string]any) {
		m["deviceChannel"], m["threeRIInd"] = "03", "01"
		for name := range m {
			if strings.HasPrefix(name, "browser") {
				delete(m, name)
			}
		}
		without("threeDSRequestorAuthenticationInd", "threeDSCompInd", "notificationURL")(m)
	}
	app := func(m map[string]any) {
		threeRI(m)
		delete(m, "threeRIInd")
		with(map[string]any{
			"deviceChannel": "01", "threeDSRequestorAuthenticationInd": "01", "sdkAppID": acsTransID, "sdkTransID": acsTransID, "sdkMaxTimeout": "05",
			"sdkReferenceNumber": "SDK", "sdkEphemPubKey": map[string]any{"kty": "EC"}, "deviceRenderOptions": map[string]any{"sdkInterface": "03"},
		})(m)
	}
	noAmount := without("purchaseAmount", "purchaseCurrency", "purchaseExponent", "purchaseDate", "merchantName", "mcc", "merchantCountryCode", "acquirerBIN", "acquirerMerchantID")
	noScript := func(m map[string]any) {
		m["browserJavascriptEnabled"] = false
		without("browserJavaEnabled", "browserColorDepth", "browserScreenHeight", "browserScreenWidth", "browserTZ")(m)
	}
	extension := func(critical any, more ...string) edit {
		x := map[string]any{"name": "n", "id": "A000000004-x", "criticalityIndicator": critical, "data": map[string]any{"a": "b"}}
		for _, name := range more {
			delete(x, name)
		}
		return set("messageExtension", []any{x})
	}
	many := func(n int) (list []any) {
		for range n {
			list = append(list, map[string]any{"name": "n", "id": "i", "criticalityIndicator": false, "data": map[string]any{"a": "b"}})
		}
		return list
	}
	long := func(n int) string { return strings.Repeat("я", n) }
	type rule struct {
		name         string
		edit         edit
		code, detail string
	}
	rules := []rule{
		{"unknown elements pass", with(map[string]any{"zzz": "", "AcctNumber": "1", "ACCTNUMBER": nil}), "", ""},
		{"3RI needs no browser", threeRI, "", ""},
		{"an app needs no browser", app, "", ""},
		{"no payment, no amount", func(m map[string]any) { m["messageCategory"] = "02"; noAmount(m) }, "", ""},
		{"no script, no screen", noScript, "", ""},
		{"an extension that is not critical", extension(false), "", ""},
		{"ten extensions", set("messageExtension", many(10)), "", ""},

		{"another message", set("messageType", "RReq"), "101", "messageType"},
		{"no message of ours", set("messageType", "Xyz"), "101", "messageType"},
		{"type empty", set("messageType", ""), "203", "messageType"},
		{"type missing", without("messageType"), "201", "messageType"},
		{"old version", set("messageVersion", "2.1.0"), "102", "2.2.0"},
		{"new version", set("messageVersion", "2.3.1"), "102", "2.2.0"},
		{"version is none", set("messageVersion", "two"), "203", "messageVersion"},
		{"version short", set("messageVersion", "2.2"), "203", "messageVersion"},
		{"version empty", set("messageVersion", ""), "203", "messageVersion"},
		{"version a number", set("messageVersion", 2.2), "203", "messageVersion"},
		{"version missing", without("messageVersion"), "201", "messageVersion"},

		{"all that is missing is named", without("mcc", "acctNumber", "dsURL"), "201", "dsURL,acctNumber,mcc"},
		{"3RI without its reason", func(m map[string]any) { threeRI(m); delete(m, "threeRIInd") }, "201", "threeRIInd"},
		{"an app without its parts", func(m map[string]any) { app(m); without("sdkAppID", "sdkTransID")(m) }, "201", "sdkAppID,sdkTransID"},
		{"screen with script", without("browserColorDepth", "browserScreenHeight", "browserScreenWidth", "browserTZ", "browserJavaEnabled"), "201",
			"browserJavaEnabled,browserColorDepth,browserScreenHeight,browserScreenWidth,browserTZ"},
		{"missing before wrong", func(m map[string]any) { delete(m, "mcc"); m["browserTZ"] = "x" }, "201", "mcc"},
		{"decoupled without time", set("threeDSRequestorDecReqInd", "Y"), "201", "threeDSRequestorDecMaxTime"},

		{"critical extension", extension(true), "202", "A000000004-x"},
		{"extension without id", extension(false, "id"), "201", "messageExtension.id"},
		{"extension without all", extension(false, "name", "id", "criticalityIndicator", "data"), "201",
			"messageExtension.name,messageExtension.id,messageExtension.criticalityIndicator,messageExtension.data"},
		{"eleven extensions", set("messageExtension", many(11)), "203", "messageExtension"},
		{"extension a text", set("messageExtension", "x"), "203", "messageExtension"},
		{"extensions of texts", set("messageExtension", []any{"x"}), "203", "messageExtension"},
		{"extension null", set("messageExtension", []any{nil}), "203", "messageExtension"},
		{"criticality a text", extension("true"), "203", "messageExtension"},

		{"all that is wrong is named", with(map[string]any{"browserTZ": "x", "browserIP": "x"}), "203", "browserIP,browserTZ"},
		{"wrong before unlisted", with(map[string]any{"browserTZ": "x", "mcc": "0000", "purchaseCurrency": "000"}), "203", "browserTZ"},

		{"currency unlisted", set("purchaseCurrency", "000"), "304", "purchaseCurrency"},
		{"currency of tests", set("purchaseCurrency", "999"), "304", "purchaseCurrency"},
		{"currency gold", set("purchaseCurrency", "959"), "304", "purchaseCurrency"},
		{"country unlisted", set("merchantCountryCode", "999"), "304", "merchantCountryCode"},
		{"country of the bill", set("billAddrCountry", "901"), "304", "billAddrCountry"},
		{"two codes unlisted", with(map[string]any{"purchaseCurrency": "000", "merchantCountryCode": "000"}), "304", "purchaseCurrency,merchantCountryCode"},
		{"category unlisted", set("mcc", "0000"), "306", "mcc"},
		{"category beyond", set("mcc", "9999"), "306", "mcc"},
	}
	for _, name := range []string{
		"threeDSServerTransID", "dsTransID", "dsReferenceNumber", "dsURL", "threeDSServerRefNumber", "threeDSServerURL",
		"threeDSRequestorID", "threeDSRequestorName", "threeDSRequestorURL", "threeDSRequestorAuthenticationInd", "threeDSCompInd",
		"deviceChannel", "messageCategory", "acctNumber", "purchaseAmount", "purchaseCurrency", "purchaseExponent", "purchaseDate",
		"acquirerBIN", "acquirerMerchantID", "merchantName", "mcc", "merchantCountryCode", "notificationURL", "browserAcceptHeader",
		"browserIP", "browserJavascriptEnabled", "browserLanguage", "browserUserAgent", "browserJavaEnabled", "browserColorDepth",
		"browserScreenHeight", "browserScreenWidth", "browserTZ",
	} {
		if name != "deviceChannel" && name != "messageCategory" && name != "browserJavascriptEnabled" {
			rules = append(rules, rule{name + " missing", without(name), "201", name})
		}
		rules = append(rules,
			rule{name + " empty", set(name, ""), "203", name},
			rule{name + " null", set(name, nil), "203", name},
			rule{name + " an object", set(name, map[string]any{"a": "b"}), "203", name})
	}
	rules = append(rules, rule{"channel missing", without("deviceChannel"), "201", "deviceChannel"},
		rule{"category missing", without("messageCategory"), "201", "messageCategory"},
		rule{"script missing", without("browserJavascriptEnabled"), "201", "browserJavascriptEnabled"})
	// Values, right and wrong, by element. A right one has no code.
	for _, v := range []struct {
		name  string
		right []any
		wrong []any
	}{
		{"threeDSServerTransID", []any{acsTransID}, []any{strings.ToUpper(serverTransID), serverTransID[:35], strings.ReplaceAll(serverTransID, "-", "x"), "6afa6072-9412-446b-9673-2f98b3ee98ag", serverTransID + "0"}},
		{"dsTransID", nil, []any{"D65E93C3-35AB-41BA-B307-767BFC19EAE3"}},
		{"dsURL", []any{"https://ds.example:8443/a?b=c", "https://" + strings.Repeat("a", 2036) + ".ru"}, []any{"http://ds.example/rreq", "ftp://ds.example", "ds.example", "https://", "https://u:p@ds.example/", "https://ds.example/#x", "https://ds.example/ä", "https://ds.example\\@evil.example/", "https://ds.example:99999/", "https://" + strings.Repeat("a", 2050) + ".ru", "http://127.0.0.1/rreq"}},
		{"threeDSServerURL", nil, []any{"http://3dss.example"}},
		{"dsReferenceNumber", []any{long(32)}, []any{long(33)}},
		{"threeDSServerRefNumber", []any{long(32)}, []any{long(33)}},
		{"threeDSServerOperatorID", []any{long(32)}, []any{long(33), ""}},
		{"threeDSRequestorID", []any{long(35)}, []any{long(36), " "}},
		{"threeDSRequestorName", []any{long(40)}, []any{long(41)}},
		{"threeDSRequestorURL", []any{"http://shop.example"}, []any{"shop", "javascript:alert(1)"}},
		{"threeDSRequestorAuthenticationInd", []any{"01", "06"}, []any{"00", "07", "1", "001"}},
		{"threeDSRequestorChallengeInd", []any{"01", "09"}, []any{"00", "10", "x", ""}},
		{"threeDSRequestorAuthenticationInfo", []any{map[string]any{"threeDSReqAuthMethod": "02"}}, []any{"x", map[string]any{"a": ""}, map[string]any{"a": map[string]any{"b": nil}}}},
		{"threeDSRequestorPriorAuthenticationInfo", []any{map[string]any{"threeDSReqPriorAuthMethod": "02", "threeDSReqPriorAuthTimestamp": "202611220945", "threeDSReqPriorRef": acsTransID}}, []any{map[string]any{"threeDSReqPriorAuthMethod": "09"}, map[string]any{"threeDSReqPriorRef": long(37)}}},
		{"threeDSReqAuthMethodInd", []any{"01", "03"}, []any{"04"}},
		{"threeDSRequestorDecReqInd", []any{"N"}, []any{"X"}},
		{"threeDSRequestorDecMaxTime", []any{"1", "10080", "00001"}, []any{"0", "10081", "99999", "1.5", "000001"}},
		{"threeRIInd", []any{"01", "11"}, []any{"00", "12"}},
		{"threeDSCompInd", []any{"Y", "N", "U"}, []any{"y", "X"}},
		{"deviceChannel", nil, []any{"00", "04", "2"}},
		{"messageCategory", []any{"01", "02"}, []any{"00", "03", "80"}},
		{"acctNumber", []any{"4000000000006", "4000000000000000006"}, []any{"2200000000000005", "220000000004", "22000000000000000004", "2200 0000 0000 0004", "٢200000000000004"}},
		{"cardExpiryDate", []any{"2801", "2812"}, []any{"2800", "2813", "12/28", "122028"}},
		{"acctType", []any{"01", "03"}, []any{"04"}},
		{"acctID", []any{long(64)}, []any{long(65)}},
		{"acctInfo", []any{map[string]any{"chAccAgeInd": "05", "other": 5}}, []any{"x", []any{}, map[string]any{"CHACCAGEIND": "05"}, map[string]any{"chAccAgeInd": 5}, map[string]any{"x": ""}}},
		{"cardholderName", []any{long(45)}, []any{long(46), "я"}},
		{"email", []any{"a@b.example"}, []any{long(255)}},
		{"mobilePhone", []any{map[string]any{"cc": "7", "subscriber": "9990000000"}}, []any{"x", map[string]any{"cc": "7"}, map[string]any{"cc": "7777", "subscriber": "1"}, map[string]any{"cc": "7", "subscriber": "1234567890123456"}}},
		{"homePhone", nil, []any{map[string]any{"cc": "7", "subscriber": "x"}}},
		{"payTokenInd", []any{true}, []any{false, "true"}},
		{"addrMatch", []any{"Y"}, []any{"y"}},
		{"billAddrCity", []any{long(50)}, []any{long(51)}},
		{"billAddrCountry", []any{"643"}, []any{"RU"}},
		{"billAddrPostCode", []any{long(16)}, []any{long(17)}},
		{"billAddrState", []any{"MOW"}, []any{"MOSC"}},
		{"shipAddrLine3", []any{long(50)}, []any{long(51)}},
		{"merchantRiskIndicator", []any{map[string]any{"shipIndicator": "01"}}, []any{"01"}},
		{"whiteListStatus", []any{"Y", "U"}, []any{"X"}},
		{"purchaseAmount", []any{"0", strings.Repeat("9", 48)}, []any{"-1", "1.5", "1e3", strings.Repeat("9", 49), 125050, "٣"}},
		{"purchaseCurrency", []any{"840", "978", "156"}, []any{"RUB", "64", "6430", 643}},
		{"purchaseExponent", []any{"0", "3"}, []any{"10", "x"}},
		{"purchaseDate", []any{"20280229000000"}, []any{"20261322094501", "2026112209450", "20270229000000", "20261122246060", "2026-11-22T09:4"}},
		{"transType", []any{"01", "03", "10", "11", "28"}, []any{"02", "1"}},
		{"recurringExpiry", []any{"20271231"}, []any{"20271331"}},
		{"recurringFrequency", []any{"28"}, []any{"00028", "x"}},
		{"purchaseInstalData", []any{"2", "999"}, []any{"1", "1000"}},
		{"acquirerBIN", []any{"12345678901"}, []any{"123456789012", "12345X"}},
		{"acquirerMerchantID", []any{long(35)}, []any{long(36)}},
		{"merchantName", []any{"Кофе & Co", long(40)}, []any{long(41), "   ", "a\nb", "a\u202eb", "a\u0000b", "a\u200bb"}},
		{"mcc", []any{"0742", "3000", "4829", "6011", "7995", "9311", "9950"}, []any{"541", "54111", "54A1"}},
		{"merchantCountryCode", []any{"643", "004", "894"}, []any{"RUS", "64"}},
		{"notificationURL", []any{"https://shop.example/done?order=5"}, []any{"http://shop.example/done", "https://shop.example/" + strings.Repeat("a", 256), "javascript:alert(1)", "//shop.example"}},
		{"browserAcceptHeader", []any{long(2048)}, []any{long(2049)}},
		{"browserIP", []any{"2001:db8::1", "198.51.100.7"}, []any{"1.2.3", "fe80::1%eth0", "1.2.3.4:80"}},
		{"browserJavascriptEnabled", nil, []any{"true", 1}},
		{"browserJavaEnabled", []any{true}, []any{"false", 0}},
		{"browserLanguage", []any{"ru", "en-US", "zh-Hans"}, []any{"en_US", "zh-Hans-CN", "-"}},
		{"browserColorDepth", []any{"1", "4", "8", "15", "16", "24", "32", "48"}, []any{"30", "24.0", 24}},
		{"browserScreenHeight", []any{"0", "999999"}, []any{"1000000", "-1"}},
		{"browserScreenWidth", []any{"390"}, []any{"x"}},
		{"browserTZ", []any{"0", "-180", "+330", "840"}, []any{"--10", "-", "GMT+3", "99999", "1441"}},
		{"browserUserAgent", []any{long(2048)}, []any{long(2049)}},
		{"sdkMaxTimeout", []any{"05", "99"}, []any{"04", "100"}},
		{"sdkTransID", []any{acsTransID}, []any{"x"}},
	} {
		for i, x := range v.right {
			rules = append(rules, rule{fmt.Sprintf("%s right %d", v.name, i), set(v.name, x), "", ""})
		}
		for i, x := range v.wrong {
			rules = append(rules, rule{fmt.Sprintf("%s wrong %d", v.name, i), set(v.name, x), "203", v.name})
		}
	}
	for _, r := range rules {
		_, bad := threeds.ParseAReq(edited(t, areqExample, r.edit))
		switch {
		case r.code == "" && bad != nil:
			t.Errorf("%s: refused: %v", r.name, bad)
		case r.code == "":
		case bad == nil:
			t.Errorf("%s: taken, want %s %s", r.name, r.code, r.detail)
		case string(bad.Code) != r.code || bad.Detail != r.detail:
			t.Errorf("%s: %s %q, want %s %q", r.name, bad.Code, bad.Detail, r.code, r.detail)
		case bad.Component != threeds.ACS || bad.MessageType != threeds.TypeErro || bad.MessageVersion != "2.2.0" || bad.Description == "":
			t.Errorf("%s: %+v", r.name, bad)
		}
	}
}

// What breaks a document as a whole.
func TestParseAReq_Documents(t *testing.T) {
	t.Parallel()
	spliced := func(with string) string { return areqExample[:len(areqExample)-1] + "," + with + "}" }
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	padded := func(n int) string { return spliced(`"zzz":"` + strings.Repeat("x", n-len(areqExample)-9) + `"`) }
	for name, c := range map[string]struct {
		body, code, detail string
	}{
		"nothing":              {"", "101", ""},
		"null":                 {"null", "101", ""},
		"a list":               {"[]", "101", ""},
		"a text":               {`"AReq"`, "101", ""},
		"a form":               {"creq=x", "101", ""},
		"cut":                  {areqExample[:len(areqExample)-1], "101", ""},
		"two":                  {areqExample + areqExample, "101", ""},
		"broken UTF-8":         {strings.Replace(areqExample, "Test Shop", "T\xffst", 1), "101", ""},
		"half a surrogate":     {strings.Replace(areqExample, `"merchantName":"Test Shop"`, `"merchantName":"\ud800"`, 1), "203", "merchantName"},
		"64 KiB":               {padded(threeds.MaxBody), "", ""},
		"64 KiB and one":       {padded(threeds.MaxBody + 1), "101", ""},
		"sixteen deep":         {spliced(`"zzz":` + nested(15)), "", ""},
		"seventeen deep":       {spliced(`"zzz":` + nested(16)), "203", ""},
		"forty deep":           {spliced(`"zzz":` + nested(40)), "203", ""},
		"brackets in a text":   {spliced(`"zzz":"` + strings.Repeat("[", 40) + `\"{"`), "", ""},
		"twice":                {spliced(`"mcc":"5411"`), "204", "mcc"},
		"twice, escaped":       {spliced(`"\u006dcc":"5411"`), "204", "mcc"},
		"unknown twice":        {spliced(`"zzz":1,"zzz":1`), "204", "zzz"},
		"twice within":         {spliced(`"acctInfo":{"a":"1","a":"1"}`), "204", "acctInfo.a"},
		"only braces":          {"{}", "201", ""},
		"an Erro":              {`{"messageType":"Erro"}`, "101", "messageType"},
		"the type in capitals": {strings.Replace(areqExample, `"messageType"`, `"MESSAGETYPE"`, 1), "201", "messageType"},
	} {
		_, bad := threeds.ParseAReq([]byte(c.body))
		switch {
		case c.code == "" && bad != nil:
			t.Errorf("%s: refused: %v", name, bad)
		case c.code != "" && bad == nil:
			t.Errorf("%s: taken, want %s", name, c.code)
		case c.code != "" && (string(bad.Code) != c.code || c.detail != "" && bad.Detail != c.detail):
			t.Errorf("%s: %v, want %s %s", name, bad, c.code, c.detail)
		}
	}
}

// An Erro says which transaction it is about, as far as that can be read.
func TestErroEchoesTransaction(t *testing.T) {
	t.Parallel()
	spliced := func(with string) []byte { return []byte(areqExample[:len(areqExample)-1] + "," + with + "}") }
	for name, c := range map[string]struct {
		body       []byte
		server, ds string
	}{
		"missing":          {edited(t, areqExample, without("mcc")), serverTransID, dsTransID},
		"wrong":            {edited(t, areqExample, set("mcc", "x")), serverTransID, dsTransID},
		"version":          {edited(t, areqExample, set("messageVersion", "2.1.0")), serverTransID, dsTransID},
		"duplicate":        {spliced(`"mcc":"5411"`), serverTransID, dsTransID},
		"duplicate number": {spliced(`"dsTransID":"` + acsTransID + `"`), serverTransID, ""},
		"wrong number":     {edited(t, areqExample, set("threeDSServerTransID", "<script>")), "", dsTransID},
		"missing number":   {edited(t, areqExample, without("dsTransID")), serverTransID, ""},
		"no document":      {[]byte("x"), "", ""},
	} {
		_, bad := threeds.ParseAReq(c.body)
		if bad == nil || bad.ServerTransID != c.server || bad.DSTransID != c.ds || bad.ErrorMessageType != threeds.TypeAReq {
			t.Errorf("%s: %+v", name, bad)
		}
	}
	_, bad := threeds.ParseAReq(edited(t, areqExample, without("mcc", "acctNumber")))
	const want = `{"threeDSServerTransID":"6afa6072-9412-446b-9673-2f98b3ee98a2","dsTransID":"d65e93c3-35ab-41ba-b307-767bfc19eae3","errorCode":"201","errorComponent":"A",` +
		`"errorDescription":"A required data element is missing","errorDetail":"acctNumber,mcc","errorMessageType":"AReq","messageType":"Erro","messageVersion":"2.2.0"}`
	if got := string(bad.Encode()); got != want {
		t.Errorf("wrote %s", got)
	}
	if e, ok := threeds.ParseErro(bad.Encode()); !ok || e != *bad {
		t.Errorf("read back %+v", e)
	}
	if _, ok := threeds.ParseErro([]byte(areqExample)); ok {
		t.Error("an AReq was read as an Erro")
	}
	_, bad = threeds.ParseAReq([]byte(`{"` + strings.Repeat("я", 3000) + `":1,"` + strings.Repeat("я", 3000) + `":2}`))
	if bad == nil || len(bad.Detail) > 2048 || !utf8.ValidString(bad.Detail) {
		t.Errorf("a long name makes %v", bad)
	}
}

// In a demo the shop may be http on this machine, and nowhere else.
func TestLoopbackHTTP(t *testing.T) {
	t.Parallel()
	demo := threeds.Reader{LoopbackHTTP: true}
	for address, ok := range map[string]bool{
		"http://127.0.0.1:8081/done": true, "http://localhost:8081/done": true, "http://[::1]:8081/done": true, "https://shop.example/done": true,
		"http://192.168.0.1/done": false, "http://localhost.example/done": false, "http://127.0.0.1@evil.example/": false, "http://shop.example/done": false,
	} {
		body := edited(t, areqExample, set("notificationURL", address), set("dsURL", address))
		if _, bad := demo.ParseAReq(body); (bad == nil) != ok {
			t.Errorf("%s: %v, want right %v", address, bad, ok)
		}
		if _, bad := threeds.ParseAReq(body); (bad == nil) != strings.HasPrefix(address, "https:") {
			t.Errorf("%s outside a demo: %v", address, bad)
		}
	}
}

// No verb, logger or encoder shows a card's number; Encode alone does.
func TestPANPrintsMasked(t *testing.T) {
	t.Parallel()
	const number = "2200000000000004"
	a, bad := threeds.ParseAReq([]byte(areqExample))
	if bad != nil {
		t.Fatal(bad)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p"} {
		_, _ = fmt.Fprintf(&out, verb+verb+verb+"\n", a.AcctNumber, a, struct{ p threeds.PAN }{a.AcctNumber})
	}
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).Info("areq", "pan", a.AcctNumber, "areq", a)
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	if s := out.String(); strings.Contains(s, number) || strings.Contains(s, fmt.Sprintf("%x", number)) || strings.Contains(s, fmt.Sprintf("%X", number)) {
		t.Errorf("the number is in %s", s)
	}
	if got := a.AcctNumber.Masked(); got != "220000••••••0004" || a.AcctNumber.Last4() != "0004" {
		t.Errorf("masked %s, last four %s", got, a.AcctNumber.Last4())
	}
	var zero threeds.PAN
	if zero.Masked() != "•••" || zero.Last4() != "" || zero.Reveal() != "" {
		t.Error("no number shows something")
	}
}
