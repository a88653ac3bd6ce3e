package partners_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
)

// payouts writes down what the door passed on of the phone-number rail.
type payouts struct {
	heard   []string
	err     error
	returns []error // of each return in turn; err after the last
	lost    int     // returns that were counted as fitting nothing
}

func (p *payouts) Hint(_ context.Context, which id.ID) error {
	p.heard = append(p.heard, "hint "+which.Text("po"))
	return p.err
}

func (p *payouts) Return(_ context.Context, which id.ID, sum money.Amount, reference string) error {
	p.heard = append(p.heard, "return "+which.Text("po")+" "+sum.String()+" "+reference)
	if len(p.returns) > 0 {
		err := p.returns[0]
		p.returns = p.returns[1:]
		return err
	}
	return p.err
}

const (
	paid  = "po_06b3w5m8k9s6q0h2m4x6v8yrk4"
	group = "<OrgnlGrpInf><OrgnlMsgId>RB2026112200000001</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.09</OrgnlMsgNmId></OrgnlGrpInf>"

	railStatus = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.11"><FIToFIPmtStsRpt>` +
		`<GrpHdr><MsgId>rs_1</MsgId><CreDtTm>2026-11-22T23:00:00+03:00</CreDtTm></GrpHdr>` +
		`<TxInfAndSts>` + group + `<OrgnlEndToEndId>` + paid + `</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts></FIToFIPmtStsRpt></Document>`
	railReturn = `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.10"><PmtRtr>` +
		`<GrpHdr><MsgId>rb_1</MsgId><CreDtTm>2026-11-22T23:00:00+03:00</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>` +
		`<TxInf><RtrId>rb_1</RtrId>` + group + `<OrgnlEndToEndId>` + paid + `</OrgnlEndToEndId><RtrdIntrBkSttlmAmt Ccy="RUB">1000.00</RtrdIntrBkSttlmAmt></TxInf></PmtRtr></Document>`
)

// A status makes the bank ask; money that comes back is passed on with its name.
func TestPhoneRailMessages(t *testing.T) {
	t.Parallel()
	h, r, _ := door(t)
	for range 2 {
		for _, body := range []string{railStatus, railReturn} {
			if w := post(h, "/phonerail/messages", body); w.Code != http.StatusNoContent {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
	}
	want := "hint " + paid + ",return " + paid + " 1000.00 RUB rb_1"
	if got := strings.Join(r.payouts.heard, ","); got != want+","+want {
		t.Error(got)
	}
}

func TestPhoneRailRefuses(t *testing.T) {
	t.Parallel()
	swap := strings.NewReplacer
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		reason string
	}{
		"JSON by its kind":   {railStatus, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 415, "bad_content_type"},
		"empty":              {"", nil, 422, "bad_message"},
		"JSON":               {hint, nil, 422, "bad_message"},
		"cut":                {railStatus[:200], nil, 422, "bad_message"},
		"an entity":          {`<!DOCTYPE x [<!ENTITY a "b">]>` + railStatus, nil, 422, "bad_message"},
		"over-long":          {railStatus + strings.Repeat(" ", 70<<10), nil, 413, "too_large"},
		"a transfer to us":   {swap("pacs.002.001.11", "pacs.008.001.09").Replace(railStatus), nil, 422, "bad_message"},
		"another's name":     {swap(paid, "tu_1").Replace(railStatus), nil, 422, "bad_key"},
		"return of another":  {swap(paid, "E2E-1").Replace(railReturn), nil, 422, "bad_key"},
		"return in euro":     {swap(`Ccy="RUB"`, `Ccy="EUR"`).Replace(railReturn), nil, 422, "bad_amount"},
		"return of nothing":  {swap("1000.00", "0.00").Replace(railReturn), nil, 422, "bad_message"},
		"return without id":  {swap("<RtrId>rb_1</RtrId>", "").Replace(railReturn), nil, 422, "bad_amount"},
		"return below zero":  {swap("1000.00", "-1").Replace(railReturn), nil, 422, "bad_message"},
		"a status too many":  {swap("<TxSts>ACSC</TxSts>", "<TxSts>ACSC</TxSts><TxSts>RJCT</TxSts>").Replace(railStatus), nil, 422, "bad_message"},
		"an unknown element": {swap("<TxSts>", "<Fee>1</Fee><TxSts>").Replace(railStatus), nil, 422, "bad_message"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, r, log := door(t)
			var changes []func(*http.Request)
			if c.change != nil {
				changes = append(changes, c.change)
			}
			w := post(h, "/phonerail/messages", c.body, changes...)
			if w.Code != c.status || !strings.Contains(w.Body.String(), `"`+c.reason+`"`) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, c.status, c.reason)
			}
			if len(r.payouts.heard) > 0 || strings.Contains(log.String(), "v1=") || strings.Contains(log.String(), paid) {
				t.Errorf("passed on %v, logged %s", r.payouts.heard, log)
			}
		})
	}
}

// A status of a payout that is not known is told so; what breaks in the bank is
// not believed to be done, so the rail comes again. A return that fits nothing is
// taken and left to people.
func TestPhoneRailRoomsAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err          error
		status, back int
	}{
		{fault.New(fault.Missing, "payout.missing"), 404, 204}, {fault.New(fault.Busy, "busy"), 503, 503},
		{fault.New(fault.Refused, "payout.return"), 500, 204}, {errors.New("the disk is full"), 500, 500},
	} {
		for body, want := range map[string]int{railStatus: c.status, railReturn: c.back} {
			h, r, log := door(t)
			r.payouts.err = c.err
			if w := post(h, "/phonerail/messages", body); w.Code != want {
				t.Errorf("%v: %d %s", c.err, w.Code, w.Body)
			}
			lost := want == 204
			if told := strings.Contains(log.String(), "level=ERROR") && strings.Contains(log.String(), "return=rb_1 payout="+paid); told != lost || (r.payouts.lost == 1) != lost {
				t.Errorf("%v: counted %d, logged %s", c.err, r.payouts.lost, log)
			}
		}
	}
}

// railReturns is a message with so many returns, rb_1 and on.
func railReturns(n int) string {
	head, rest, _ := strings.Cut(railReturn, "<TxInf>")
	item, tail, _ := strings.Cut(rest, "</TxInf>")
	out := strings.Replace(head, "<NbOfTxs>1<", fmt.Sprintf("<NbOfTxs>%d<", n), 1)
	for i := range n {
		out += "<TxInf>" + strings.Replace(item, "<RtrId>rb_1<", fmt.Sprintf("<RtrId>rb_%d<", i+1), 1) + "</TxInf>"
	}
	return out + tail
}

// One return of several that cannot be taken stops none of the others; the
// message is asked for again only when that may help.
func TestPhoneRailTakesEveryReturn(t *testing.T) {
	t.Parallel()
	missing, busy, other := fault.New(fault.Missing, "payout.missing"), fault.New(fault.Busy, "busy"), fault.New(fault.Refused, "payout.return")
	strange := func(body string) string { return strings.Replace(body, paid, "E2E-1", 1) } // the first
	for name, c := range map[string]struct {
		body    string
		returns []error
		status  int
		heard   int
		lost    int
	}{
		"all well":               {railReturns(3), nil, 204, 3, 0},
		"the first fits nothing": {railReturns(3), []error{missing, nil, nil}, 204, 3, 1},
		"none fits":              {railReturns(3), []error{missing, other, other}, 204, 3, 3},
		"one breaks":             {railReturns(3), []error{nil, errors.New("the disk is full"), nil}, 500, 3, 0},
		"one is early":           {railReturns(3), []error{other, busy, nil}, 503, 3, 1},
		"one makes no sense":     {strange(railReturns(3)), nil, 422, 2, 1},
		"… and one breaks":       {strange(railReturns(3)), []error{nil, busy}, 503, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, r, log := door(t)
			r.payouts.returns = c.returns
			w := post(h, "/phonerail/messages", c.body)
			if w.Code != c.status || len(r.payouts.heard) != c.heard || r.payouts.lost != c.lost || strings.Count(log.String(), "fits no payout") != c.lost {
				t.Errorf("%d %s, heard %v, counted %d, logged %s", w.Code, w.Body, r.payouts.heard, r.payouts.lost, log)
			}
		})
	}
}
