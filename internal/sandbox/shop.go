package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"rocketbank/internal/base/id"
	"rocketbank/internal/rail/iso8583"
	"rocketbank/internal/rail/threeds"
)

// The shop's name in messages, and its place in the network.
const (
	shopName     = "SANDBOX SHOP"
	shopMerchant = "WEBSHOP1"
	shopMCC      = "5942"
)

// The states of an order.
const (
	orderAsking     = "asking"
	orderChallenged = "challenged"
	orderPaid       = "paid"
	orderDeclined   = "declined" // by the issuer
	orderRefused    = "refused"  // not authenticated
)

// shopOrder is a purchase in the web shop. The card stands in it only while it
// is needed, and in memory alone.
type shopOrder struct {
	ID     string
	Minor  int64
	Masked string
	State  string
	Code   string // of the issuer's answer
	Slip   string // what the clearing presents; empty: nothing was approved
	Talk   []talk

	number, expiry, cvc Secret
	server, ds          string // the protocol's transaction identifiers
	ares                threeds.ARes
	result              *threeds.RReq
}

// shop is a merchant with his 3-D Secure server, and the directory between him
// and the issuer, played as one.
type shop struct {
	till   *till
	acs    string // the issuer's access control server
	origin string // our own
	client *http.Client
	reader threeds.Reader // the demo's issuer is http on this machine
	ids    *id.Source
	now    func() time.Time

	mu     sync.Mutex
	orders map[string]*shopOrder
	queue  []string // oldest first: memory is bounded
}

// maxOrders bounds what the shop remembers.
const maxOrders = 500

func newShop(cfg Config, till *till, ids *id.Source) *shop {
	return &shop{
		reader: threeds.Reader{Component: threeds.Server, LoopbackHTTP: true},
		till:   till, acs: cfg.ACS, origin: cfg.Origin, ids: ids, now: cfg.now, orders: map[string]*shopOrder{},
		client: &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

func (s *shop) find(id string) (*shopOrder, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[id]
	return o, ok
}

func (s *shop) put(o *shopOrder) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders[o.ID] = o
	if s.queue = append(s.queue, o.ID); len(s.queue) > maxOrders {
		delete(s.orders, s.queue[0])
		s.queue = s.queue[1:]
	}
}

// transID makes a transaction identifier of the protocol: a UUID of version 4.
func transID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// browser is what the shop knows of its visitor.
type browser struct{ accept, agent, language, ip string }

// buy asks the issuer whether it is the holder who buys.
func (s *shop) buy(ctx context.Context, o *shopOrder, b browser) error {
	o.server, o.ds, o.State = transID(), transID(), orderAsking
	s.put(o)
	pan, err := threeds.NewPAN(string(o.number))
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "bad_card", "number")
	}
	no := false
	a := threeds.AReq{
		MessageType: "AReq", MessageVersion: threeds.Version, ServerTransID: o.server, DSTransID: o.ds, DSReferenceNumber: "SANDBOX_DS_1", DSURL: s.origin + "/shop/result",
		ServerRefNumber: "SANDBOX_SERVER_1", ServerURL: s.origin + "/shop/result", RequestorID: "SANDBOX", RequestorName: shopName, RequestorURL: s.origin + "/shop",
		AuthenticationInd: threeds.ForPayment, ChallengeInd: threeds.NoPreference, MethodCompletion: threeds.MethodUnavailable,
		Channel: threeds.ChannelBrowser, Category: threeds.Payment, AcctNumber: pan, CardExpiryDate: string(o.expiry),
		PurchaseAmount: fmt.Sprint(o.Minor), PurchaseCurrency: "643", PurchaseExponent: "2", PurchaseDate: s.now().UTC().Format("20060102150405"), TransType: "01",
		AcquirerBIN: acquirerID, AcquirerMerchantID: shopMerchant, MerchantName: shopName, MCC: shopMCC, MerchantCountryCode: "643",
		NotificationURL: s.origin + "/shop/return/" + o.ID, BrowserAccept: b.accept, BrowserIP: b.ip, BrowserLanguage: b.language, BrowserUserAgent: b.agent,
		BrowserJava: &no, BrowserScript: &no,
	}
	body, err := a.Encode()
	if err != nil {
		return err
	}
	answer, err := s.post(ctx, s.acs+"/acs/areq", body)
	if err != nil {
		return err
	}
	res, wrong := s.reader.ParseARes(answer)
	if wrong != nil {
		o.State = orderRefused
		o.note("ARes", "error", wrong.Description, "errorDetail", wrong.Detail)
		return nil
	}
	o.ares = res
	o.note("ARes", "transStatus", string(res.Status), "transStatusReason", string(res.Reason), "eci", res.ECI)
	switch res.Status {
	case "Y", "A":
		return s.charge(ctx, o, res.ECI, res.AuthenticationValue)
	case "C":
		o.State = orderChallenged
		return nil
	}
	o.State = orderRefused
	return nil
}

// note keeps a message for the page.
func (o *shopOrder) note(kind string, pairs ...string) {
	t := talk{Type: kind}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			t.Fields = append(t.Fields, talkField{0, pairs[i] + " " + pairs[i+1]})
		}
	}
	o.Talk = append(o.Talk, t)
}

func (s *shop) post(ctx context.Context, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(resp.Body, threeds.MaxBody))
	return out, errors.Join(err, resp.Body.Close())
}

// creq is what the browser carries to the issuer.
func (s *shop) creq(o *shopOrder) string {
	return threeds.EncodeCReq(threeds.CReq{
		ServerTransID: o.server, ACSTransID: o.ares.ACSTransID, Window: "02", MessageType: "CReq", MessageVersion: o.ares.MessageVersion,
	})
}

// hear takes the issuer's result, which comes before the browser does.
func (s *shop) hear(body []byte) ([]byte, bool) {
	r, wrong := threeds.ParseRReq(body)
	if wrong != nil {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if o.server == r.ServerTransID && o.ds == r.DSTransID {
			if o.result == nil {
				o.result = &r
				o.note("RReq", "transStatus", string(r.Status), "authenticationMethod", string(r.AuthenticationMethod), "eci", r.ECI)
			}
			out, err := json.Marshal(map[string]string{
				"messageType": "RRes", "messageVersion": r.MessageVersion, "threeDSServerTransID": r.ServerTransID, "dsTransID": r.DSTransID,
				"acsTransID": r.ACSTransID, "resultsStatus": "01",
			})
			return out, err == nil
		}
	}
	return nil, false
}

// back goes on when the browser comes back from the issuer: what counts is
// what the issuer told us, not what the browser carries.
func (s *shop) back(ctx context.Context, o *shopOrder) error {
	s.mu.Lock()
	if o.State != orderChallenged || o.result == nil {
		s.mu.Unlock()
		return nil
	}
	o.State = orderAsking
	r := *o.result
	s.mu.Unlock()
	if r.Status != "Y" && r.Status != "A" {
		o.State = orderRefused
		o.forget()
		return nil
	}
	return s.charge(ctx, o, r.ECI, r.AuthenticationValue)
}

// charge asks for the money, with the issuer's own value as the proof.
func (s *shop) charge(ctx context.Context, o *shopOrder, eci, value string) error {
	defer o.forget()
	now := s.now()
	own, err := s.till.cardOf(ctx, o.number)
	if err != nil {
		return err
	}
	paid := &slip{
		ID: s.ids.New().Text("sl"), At: now, Card: own, Masked: o.Masked, Place: webShop().ID, Mode: webMode, Process: "00", Minor: o.Minor, Currency: "643",
	}
	m := iso8583.NewMessage("0100")
	s.till.net.stamp(m)
	paid.STAN, _ = m.Get(11)
	paid.Sent, _ = m.Get(7)
	paid.RRN = reference(now, paid.STAN)
	for n, v := range map[int]string{
		2: string(o.number), 3: "000000", 4: fmt.Sprintf("%012d", o.Minor), 14: string(o.expiry), 18: shopMCC, 19: "643", 22: "812", 25: "59", 32: acquirerID,
		37: paid.RRN, 41: "SANDBOX2", 42: fmt.Sprintf("%-15s", shopMerchant), 43: fmt.Sprintf("%-22s%-13s%-3s%2s", shopName, "MOSKVA", "", "RU"), 49: "643",
	} {
		m.Set(n, v)
	}
	pairs := map[string]string{"ECI": eci, "DS": o.ds}
	if value != "" {
		pairs["AAV"] = value
	}
	if o.cvc != "" {
		pairs["CVC2"] = string(o.cvc)
	}
	private, err := iso8583.FormatPrivate(pairs)
	if err != nil {
		return err
	}
	m.Set(48, private)
	a, err := s.till.net.ask(ctx, m)
	paid.hear(m)
	if err != nil {
		o.State, o.Talk = orderDeclined, append(o.Talk, paid.Talk...)
		return nil //nolint:nilerr // no answer is an answer: the page says so
	}
	paid.hear(a)
	paid.settle(swipe{}, m, a)
	o.Code, o.Talk = paid.Code, append(o.Talk, paid.Talk...)
	o.State = orderDeclined
	if paid.State != slipApproved {
		return nil
	}
	o.State = orderPaid
	if own == "" { // a card of nobody here: there is nothing to present it with
		return nil
	}
	o.Slip = paid.ID
	return s.till.keep(paid)
}

// forget drops the card when it is not needed any more.
func (o *shopOrder) forget() { o.number, o.cvc = "", "" }

// Money says what an order is about.
func (o *shopOrder) Money() string {
	return (&slip{Minor: o.Minor, Currency: "643"}).Money()
}
