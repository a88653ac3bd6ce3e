package threeds_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"rocketbank/internal/rail/threeds"
)

func ask(t *testing.T, edits ...edit) threeds.AReq {
	t.Helper()
	a, bad := threeds.ParseAReq(edited(t, areqExample, edits...))
	if bad != nil {
		t.Fatal(bad)
	}
	return a
}

// What an ARes carries depends on its status and on the question.
func TestBuildARes(t *testing.T) {
	t.Parallel()
	base := threeds.ARes{ACSTransID: acsTransID, ReferenceNumber: "3DS_LOA_ACS_TEST_020200_00001", OperatorID: "TESTBANK-ACS"}
	as := func(change func(r *threeds.ARes)) threeds.ARes { r := base; change(&r); return r }
	proof := func(r *threeds.ARes) {
		r.Status, r.ECI, r.AuthenticationValue = threeds.Authenticated, "02", valueExample
	}
	challenge := func(r *threeds.ARes) {
		r.Status, r.ACSURL, r.ChallengeMandated, r.AuthenticationType = threeds.Challenge, "https://acs.bank.example/acs/challenge", "N", threeds.DynamicChallenge
	}
	decoupled := func(r *threeds.ARes) {
		r.Status, r.AuthenticationType, r.DecoupledConfirm, r.CardholderInfo = threeds.Decoupled, threeds.DecoupledChallenge, "Y", "Подтвердите покупку в приложении"
	}
	browser, threeRI := ask(t), ask(t, set("deviceChannel", "03"), set("threeRIInd", "01"))
	dataOnly, shareOnly := ask(t, set("threeDSRequestorChallengeInd", "06")), ask(t, set("threeDSRequestorChallengeInd", "05"))
	patient := ask(t, set("threeDSRequestorDecReqInd", "Y"), set("threeDSRequestorDecMaxTime", "30"))
	noPayment := ask(t, set("messageCategory", "02"))
	for name, c := range map[string]struct {
		to  threeds.AReq
		res threeds.ARes
		ok  bool
	}{
		"Y":                       {browser, as(proof), true},
		"Y without eci":           {browser, as(func(r *threeds.ARes) { proof(r); r.ECI = "" }), false},
		"Y without value":         {browser, as(func(r *threeds.ARes) { proof(r); r.AuthenticationValue = "" }), false},
		"Y with a short value":    {browser, as(func(r *threeds.ARes) { proof(r); r.AuthenticationValue = "sQEB" }), false},
		"Y with 21 bytes":         {browser, as(func(r *threeds.ARes) { proof(r); r.AuthenticationValue = strings.Repeat("A", 28) }), false},
		"Y with no payment":       {noPayment, as(func(r *threeds.ARes) { r.Status = threeds.Authenticated }), true},
		"A":                       {browser, as(func(r *threeds.ARes) { proof(r); r.Status = threeds.Attempted }), true},
		"A without value":         {browser, as(func(r *threeds.ARes) { r.Status, r.ECI = threeds.Attempted, "01" }), false},
		"C":                       {browser, as(challenge), true},
		"C without address":       {browser, as(func(r *threeds.ARes) { challenge(r); r.ACSURL = "" }), false},
		"C with http":             {browser, as(func(r *threeds.ARes) { challenge(r); r.ACSURL = "http://acs.bank.example/" }), false},
		"C without mandated":      {browser, as(func(r *threeds.ARes) { challenge(r); r.ChallengeMandated = "" }), false},
		"C without type":          {browser, as(func(r *threeds.ARes) { challenge(r); r.AuthenticationType = "" }), false},
		"C with a proof":          {browser, as(func(r *threeds.ARes) { challenge(r); r.AuthenticationValue = valueExample }), false},
		"C with nobody there":     {threeRI, as(challenge), false},
		"C against the data only": {dataOnly, as(challenge), false},
		"D":                       {patient, as(decoupled), true},
		"D unasked":               {browser, as(decoupled), false},
		"D of another type":       {patient, as(func(r *threeds.ARes) { decoupled(r); r.AuthenticationType = threeds.DynamicChallenge }), false},
		"D unconfirmed":           {patient, as(func(r *threeds.ARes) { decoupled(r); r.DecoupledConfirm = "N" }), false},
		"N":                       {browser, as(func(r *threeds.ARes) { r.Status, r.Reason = threeds.Denied, threeds.NoCardRecord }), true},
		"N without reason":        {browser, as(func(r *threeds.ARes) { r.Status = threeds.Denied }), false},
		"N with a proof": {browser, as(func(r *threeds.ARes) {
			r.Status, r.Reason, r.AuthenticationValue = threeds.Denied, threeds.NoCardRecord, valueExample
		}), false},
		"R":                       {browser, as(func(r *threeds.ARes) { r.Status, r.Reason = threeds.Rejected, threeds.SuspectedFraud }), true},
		"R without reason":        {browser, as(func(r *threeds.ARes) { r.Status = threeds.Rejected }), false},
		"U":                       {browser, as(func(r *threeds.ARes) { r.Status, r.Reason = threeds.Unavailable, threeds.ACSTechnicalIssue }), true},
		"U with a later reason":   {browser, as(func(r *threeds.ARes) { r.Status, r.Reason = threeds.Unavailable, "27" }), false},
		"I":                       {shareOnly, as(func(r *threeds.ARes) { r.Status = threeds.Informational }), true},
		"I to data only":          {dataOnly, as(func(r *threeds.ARes) { r.Status = threeds.Informational }), true},
		"I unasked":               {browser, as(func(r *threeds.ARes) { r.Status = threeds.Informational }), false},
		"S of a later version":    {browser, as(func(r *threeds.ARes) { r.Status = "S" }), false},
		"no status":               {browser, base, false},
		"no operator":             {browser, as(func(r *threeds.ARes) { proof(r); r.OperatorID = "" }), false},
		"a long reference":        {browser, as(func(r *threeds.ARes) { proof(r); r.ReferenceNumber = strings.Repeat("a", 33) }), false},
		"a number in capitals":    {browser, as(func(r *threeds.ARes) { proof(r); r.ACSTransID = strings.ToUpper(acsTransID) }), false},
		"a long word to the shop": {patient, as(func(r *threeds.ARes) { decoupled(r); r.CardholderInfo = strings.Repeat("я", 129) }), false},
	} {
		got, err := threeds.BuildARes(c.to, c.res)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, want right %v", name, err, c.ok)
		}
		if err == nil && (got.ServerTransID != serverTransID || got.DSTransID != dsTransID || got.MessageType != threeds.TypeARes) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	right, err := threeds.BuildARes(browser, as(challenge))
	if err != nil {
		t.Fatal(err)
	}
	body, err := right.Encode()
	if err != nil || string(body) != aresExample {
		t.Errorf("wrote %s %v", body, err)
	}
	back, bad := threeds.ParseARes(body)
	if bad != nil || fmt.Sprint(back) != fmt.Sprint(right) {
		t.Errorf("read back %+v %v", back, bad)
	}
	if err := back.Check(ask(t, set("dsTransID", acsTransID))); err == nil {
		t.Error("an answer to another question was taken")
	}
	if _, bad := threeds.ParseARes(edited(t, aresExample, without("transStatus"))); bad == nil || bad.Component != threeds.Server || bad.Detail != "transStatus" || bad.ACSTransID != acsTransID {
		t.Errorf("without status: %+v", bad)
	}
}

func TestCReq(t *testing.T) {
	t.Parallel()
	want := threeds.CReq{ServerTransID: serverTransID, ACSTransID: acsTransID, Window: threeds.Window390x400, MessageType: threeds.TypeCReq, MessageVersion: "2.2.0"}
	if got := threeds.EncodeCReq(want); got != creqExample {
		t.Errorf("wrote %s", got)
	}
	field := func(edits ...edit) string {
		return base64.RawURLEncoding.EncodeToString(edited(t, decode(t, creqExample), edits...))
	}
	for name, c := range map[string]struct{ in, code, detail string }{
		"the example":        {creqExample, "", ""},
		"padded":             {creqExample + strings.Repeat("=", (4-len(creqExample)%4)%4), "", ""},
		"padded too much":    {creqExample + "====", "101", ""},
		"padded wrongly":     {creqExample[:len(creqExample)-1] + "=", "101", ""},
		"a plus":             {strings.Replace(creqExample, "J", "+", 1), "101", ""},
		"a slash":            {strings.Replace(creqExample, "J", "/", 1), "101", ""},
		"a line end":         {creqExample[:10] + "\n" + creqExample[10:], "101", ""},
		"nothing":            {"", "101", ""},
		"too long":           {strings.Repeat("A", 100_000), "101", ""},
		"unknown element":    {field(set("zzz", "")), "", ""},
		"no window":          {field(without("challengeWindowSize")), "201", "challengeWindowSize"},
		"unknown window":     {field(set("challengeWindowSize", "06")), "203", "challengeWindowSize"},
		"no numbers":         {field(without("acsTransID", "threeDSServerTransID")), "201", "threeDSServerTransID,acsTransID"},
		"a number of no use": {field(set("acsTransID", "1")), "203", "acsTransID"},
		"another message":    {field(set("messageType", "CRes")), "101", "messageType"},
		"another version":    {field(set("messageVersion", "2.1.0")), "102", "2.2.0"},
		"critical extension": {field(set("messageExtension", []any{map[string]any{"name": "n", "id": "i", "criticalityIndicator": true, "data": map[string]any{"a": "b"}}})), "202", "i"},
	} {
		got, bad := threeds.ParseCReq(c.in)
		switch {
		case c.code == "" && (bad != nil || got != want):
			t.Errorf("%s: %+v %v", name, got, bad)
		case c.code != "" && (bad == nil || string(bad.Code) != c.code || c.detail != "" && bad.Detail != c.detail || bad.ErrorMessageType == ""):
			t.Errorf("%s: %v, want %s %s", name, bad, c.code, c.detail)
		}
	}
	if bad := want.Against(serverTransID, acsTransID, "2.2.0"); bad != nil {
		t.Error(bad)
	}
	for code, bad := range map[threeds.ErrorCode][]*threeds.Erro{
		threeds.TransactionUnknown: {want.Against(acsTransID, acsTransID, "2.2.0"), want.Against(serverTransID, serverTransID, "2.2.0")},
		threeds.FormatInvalid:      {want.Against(serverTransID, acsTransID, "2.1.0")},
	} {
		for _, b := range bad {
			if b == nil || b.Code != code || b.ACSTransID != acsTransID {
				t.Errorf("against: %+v, want %s", b, code)
			}
		}
	}
}

func decode(t *testing.T, field string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(field)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCRes(t *testing.T) {
	t.Parallel()
	c := threeds.CRes{ServerTransID: serverTransID, ACSTransID: acsTransID, Status: threeds.Authenticated}
	if got := threeds.EncodeCRes(c); got != cresExample {
		t.Errorf("wrote %s", got)
	}
	got, bad := threeds.ParseCRes(cresExample)
	if bad != nil || got.Status != threeds.Authenticated || got.ACSTransID != acsTransID {
		t.Errorf("read %+v %v", got, bad)
	}
	// A browser's challenge ends in Y or N, whatever the issuer knows.
	for _, s := range []threeds.Status{threeds.Denied, threeds.Unavailable, threeds.Rejected, ""} {
		c.Status = s
		if got, bad := threeds.ParseCRes(threeds.EncodeCRes(c)); bad != nil || got.Status != threeds.Denied {
			t.Errorf("%q: %+v %v", s, got, bad)
		}
	}
	if strings.Contains(decode(t, threeds.EncodeCRes(c)), "authenticationValue") {
		t.Error("the proof goes through the browser")
	}
}

func TestSessionData(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"": true, "c2Vzc2lvbg": true, "c2Vzc2lvbg==": true, "a-_b": true, strings.Repeat("a", 1024): true,
		strings.Repeat("a", 1025): false, "a b": false, "a+b": false, "<b>": false, "a=b": false, "я": false,
	} {
		if err := threeds.CheckSessionData(in); (err == nil) != ok {
			t.Errorf("%.20q: %v", in, err)
		}
	}
}

func TestRReq(t *testing.T) {
	t.Parallel()
	r, bad := threeds.ParseRReq([]byte(rreqExample))
	if bad != nil {
		t.Fatal(bad)
	}
	if body, err := r.Encode(); err != nil || string(body) != rreqExample {
		t.Errorf("wrote %s %v", body, err)
	}
	failed := func(reason, cancel string) edit {
		return func(m map[string]any) {
			without("eci", "authenticationValue")(m)
			m["transStatus"], m["transStatusReason"] = "N", reason
			if cancel != "" {
				m["challengeCancel"] = cancel
			}
		}
	}
	for name, c := range map[string]struct {
		edit         edit
		code, detail string
	}{
		"right":                       {set("x", "y"), "", ""},
		"cancelled by the holder":     {failed("01", "01"), "", ""},
		"too many":                    {failed("19", ""), "", ""},
		"timed out":                   {failed("14", "04"), "", ""},
		"never came":                  {failed("14", "05"), "", ""},
		"timed out by the holder":     {failed("14", "01"), "203", "transStatusReason,challengeCancel"},
		"timed out by nobody":         {failed("14", ""), "203", "transStatusReason,challengeCancel"},
		"cancel unknown to 2.2.0":     {failed("01", "02"), "203", "challengeCancel"},
		"cancelled and authenticated": {set("challengeCancel", "01"), "203", "challengeCancel"},
		"no reason":                   {func(m map[string]any) { failed("01", "")(m); delete(m, "transStatusReason") }, "201", "transStatusReason"},
		"failed with a proof":         {func(m map[string]any) { failed("01", "")(m); m["authenticationValue"] = valueExample }, "203", "authenticationValue"},
		"no proof":                    {without("authenticationValue", "eci"), "201", "eci,authenticationValue"},
		"no proof, no payment":        {func(m map[string]any) { without("authenticationValue", "eci")(m); m["messageCategory"] = "02" }, "", ""},
		"no counter":                  {without("interactionCounter"), "201", "interactionCounter"},
		"counter of three":            {set("interactionCounter", "100"), "203", "interactionCounter"},
		"method unknown":              {set("authenticationMethod", "12"), "203", "authenticationMethod"},
		"still a challenge":           {set("transStatus", "C"), "203", "transStatus"},
	} {
		got, bad := threeds.ParseRReq(edited(t, rreqExample, c.edit))
		switch {
		case c.code == "" && bad != nil:
			t.Errorf("%s: refused: %v", name, bad)
		case c.code != "" && (bad == nil || string(bad.Code) != c.code || bad.Detail != c.detail || bad.Component != threeds.Server):
			t.Errorf("%s: %v, want %s %s", name, bad, c.code, c.detail)
		case c.code == "":
			if _, err := got.Encode(); err != nil {
				t.Errorf("%s: does not go out: %v", name, err)
			}
		}
	}
	if _, err := (threeds.RReq{ServerTransID: serverTransID, DSTransID: dsTransID, ACSTransID: acsTransID, Category: "01", Interactions: "00", Status: threeds.Authenticated}).Encode(); err == nil {
		t.Error("a result without proof goes out")
	}
	res := threeds.AnswerRReq(r, threeds.ResultsReceived)
	if got := string(res.Encode()); got != rresExample {
		t.Errorf("answered %s", got)
	}
	back, bad := threeds.ParseRRes([]byte(rresExample))
	if bad != nil || back != res || back.Against(r) != nil {
		t.Errorf("read %+v %v", back, bad)
	}
	back.DSTransID = acsTransID
	if bad := back.Against(r); bad == nil || bad.Code != threeds.TransactionUnknown {
		t.Errorf("another transaction's answer: %v", bad)
	}
	if _, bad := threeds.ParseRRes(edited(t, rresExample, set("resultsStatus", "04"))); bad == nil || bad.Code != threeds.FormatInvalid || bad.Component != threeds.ACS {
		t.Errorf("an unknown answer: %v", bad)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	good := threeds.CardRange{
		Start: "2200000000000000", End: "2200000099999999", Action: "A", ACSStart: "2.2.0", ACSEnd: "2.2.0",
		MethodURL: "https://acs.bank.example/acs/method", Info: []threeds.ACSInfo{threeds.CanAuthenticate, threeds.CanDecouple},
	}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c *threeds.CardRange){
		"no start":       func(c *threeds.CardRange) { c.Start = "" },
		"letters":        func(c *threeds.CardRange) { c.End = "22000000999X9999" },
		"other lengths":  func(c *threeds.CardRange) { c.End = "22000000999999999" },
		"the wrong way":  func(c *threeds.CardRange) { c.Start, c.End = c.End, c.Start },
		"no action":      func(c *threeds.CardRange) { c.Action = "X" },
		"no version":     func(c *threeds.CardRange) { c.ACSEnd = "2" },
		"method by http": func(c *threeds.CardRange) { c.MethodURL = "http://acs.bank.example/" },
		"long method":    func(c *threeds.CardRange) { c.MethodURL += strings.Repeat("a", 256) },
		"no info":        func(c *threeds.CardRange) { c.Info = []threeds.ACSInfo{"1"} },
	} {
		c := good
		if change(&c); c.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for number, in := range map[string]bool{"2200000000000004": true, "5100000000000008": false, "4000000000006": false} {
		p, err := threeds.NewPAN(number)
		if err != nil {
			t.Fatal(err)
		}
		if good.Holds(p) != in {
			t.Errorf("%s: want in the range %v", number, in)
		}
	}
	q := threeds.PReq{ServerTransID: serverTransID, ServerRefNumber: "3DS"}
	if got, bad := threeds.ParsePReq(q.Encode()); bad != nil || got.ServerTransID != serverTransID {
		t.Errorf("PReq %+v %v", got, bad)
	}
	if _, bad := threeds.ParsePReq([]byte(`{"messageType":"PReq","messageVersion":"2.2.0"}`)); bad == nil || bad.Component != threeds.DirectoryServer {
		t.Errorf("an empty PReq: %v", bad)
	}
	if got := string(threeds.PRes{ServerTransID: serverTransID, DSTransID: dsTransID, Ranges: []threeds.CardRange{good}}.Encode()); !strings.Contains(got, `"acsInfoInd":["01","03"]`) || !strings.Contains(got, `"messageType":"PRes"`) {
		t.Errorf("PRes %s", got)
	}
}

func TestMethodData(t *testing.T) {
	t.Parallel()
	d := threeds.MethodData{ServerTransID: serverTransID, NotificationURL: "https://3dss.example/method"}
	if got, err := threeds.ParseMethodData(d.Encode()); err != nil || got != d {
		t.Errorf("%+v %v", got, err)
	}
	back := threeds.MethodData{ServerTransID: serverTransID}
	if want := base64.RawURLEncoding.EncodeToString([]byte(`{"threeDSServerTransID":"` + serverTransID + `"}`)); back.Encode() != want {
		t.Errorf("the answer is %s", back.Encode())
	}
	if id, err := threeds.ParseMethodResult(back.Encode()); err != nil || id != serverTransID {
		t.Errorf("%s %v", id, err)
	}
	for name, in := range map[string]string{
		"nothing": "", "no base64": "{}", "no address": back.Encode(), "long": strings.Repeat("A", 4000),
		"http":      threeds.MethodData{ServerTransID: serverTransID, NotificationURL: "http://3dss.example/"}.Encode(),
		"script":    threeds.MethodData{ServerTransID: serverTransID, NotificationURL: "javascript:alert(1)"}.Encode(),
		"no number": threeds.MethodData{ServerTransID: "1", NotificationURL: "https://3dss.example/"}.Encode(),
	} {
		if _, err := threeds.ParseMethodData(in); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestECI(t *testing.T) {
	t.Parallel()
	eci := threeds.DefaultECI()
	for _, c := range []struct {
		scheme threeds.Scheme
		status threeds.Status
		want   string
	}{
		{threeds.Visa, threeds.Authenticated, "05"}, {threeds.Visa, threeds.Attempted, "06"}, {threeds.Visa, threeds.Denied, "07"}, {threeds.Visa, threeds.Unavailable, "07"},
		{threeds.Mastercard, threeds.Authenticated, "02"}, {threeds.Mastercard, threeds.Attempted, "01"}, {threeds.Mastercard, threeds.Denied, "00"},
		{threeds.Mir, threeds.Authenticated, "02"}, {threeds.Mir, threeds.Attempted, "01"}, {threeds.Mir, threeds.Rejected, "00"},
		{"other", threeds.Authenticated, ""},
	} {
		if got := eci.Of(c.scheme, c.status); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.scheme, c.status, got, c.want)
		}
	}
}

func TestCurrencyLetters(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"643": "RUB", "840": "USD", "978": "EUR", "008": "ALL", "924": "ZWG", "000": "", "999": "", "64": "", "RUB": "", "3RU": ""} {
		if got := threeds.CurrencyLetters(code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}
