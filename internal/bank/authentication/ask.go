package authentication

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/rail/threeds"
)

// Answer answers a shop's question. The directory's number names it: asked
// again, the same question gets the same answer, and another one under that
// number an Erro. An error means that nothing was decided.
func (s *Service) Answer(ctx context.Context, a threeds.AReq) (threeds.ARes, *threeds.Erro, error) {
	refuse := func(code threeds.ErrorCode, what string) (threeds.ARes, *threeds.Erro, error) {
		return threeds.ARes{}, threeds.NewErro(threeds.ACS, code, threeds.TypeAReq, what).About(a.ServerTransID, a.DSTransID, ""), nil
	}
	if !s.d.Directory.Allowed(a.DSURL) {
		return refuse(threeds.AccessDenied, "dsURL")
	}
	ds, ok := parseUUID(a.DSTransID)
	server, ok2 := parseUUID(a.ServerTransID)
	if !ok || !ok2 {
		return refuse(threeds.FormatInvalid, "dsTransID")
	}
	f, err := s.gather(ctx, a, server)
	if err != nil {
		return threeds.ARes{}, nil, err
	}
	if !f.known {
		res, err := s.stranger(a)
		return res, nil, err
	}
	print := s.print(a)
	r, err := s.named(ctx, byDS, ds)
	if errors.Is(err, ErrMissing) {
		r, err = s.first(ctx, f, ds, server, print)
		if db.IsUnique(err) { // the other of two was faster
			r, err = s.named(ctx, byDS, ds)
		}
	}
	if err != nil {
		return threeds.ARes{}, nil, fmt.Errorf("answer a shop: %w", err)
	}
	if r.print != print {
		return refuse(threeds.TransactionDataError, "dsTransID")
	}
	res, err := s.answered(r)
	return res, nil, err
}

// first decides, and writes down what was decided together with the answer.
func (s *Service) first(ctx context.Context, f facts, ds, server, print [16]byte) (row, error) {
	v := s.d.Rules.decide(f)
	a := f.ask
	now := s.now()
	r := row{
		client: f.face.Client, id: s.d.IDs.New(), card: f.face.ID, state: Answered, ds: ds, server: server, print: print,
		status: v.status, reason: v.reason, amount: f.sum.Minor, currency: f.sum.Cur, mcc: a.MCC, shop: shopOf(a), device: f.device,
		score: v.score, signs: signsText(v.signs),
		details: details{
			Version: a.MessageVersion, Category: a.Category, Channel: a.Channel, Shop: a.MerchantName, Merchant: a.AcquirerMerchantID,
			Acquirer: a.AcquirerBIN, Country: a.MerchantCountryCode, Wish: a.ChallengeInd, Last4: f.face.Last4, DSURL: a.DSURL,
			NotifyURL: a.NotificationURL, ShopURL: a.RequestorURL, IP: a.BrowserIP, Agent: clip(a.BrowserUserAgent),
		},
	}
	if r.details.Shop == "" {
		r.details.Shop = a.RequestorName // where nothing is paid, the shop's name is not asked for
	}
	if a.Category == threeds.Payment {
		r.details.Amount, r.details.Currency, r.details.Exponent = a.PurchaseAmount, a.PurchaseCurrency, a.PurchaseExponent
	}
	by := threeds.ByChallenge
	if v.status == threeds.Authenticated {
		by = threeds.Frictionless
	}
	var err error
	if r.details.Proof, err = s.seal(r, a.AcctNumber, by); err != nil {
		return row{}, err
	}
	switch v.status {
	case threeds.Challenge:
		r.state, r.next = Awaited, now.Add(s.d.Rules.FirstCReq+s.d.Rules.Grace)
	case threeds.Decoupled:
		r.state, r.begun, r.touched, r.details.Decoupled = Challenged, now, now, true
		r.ends = now.Add(time.Duration(a.DecoupledMinutes()) * time.Minute)
		r.next = r.ends
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r := &r
		r.at = tx.Now()
		res := threeds.ARes{ACSTransID: uuid(r.id), ReferenceNumber: s.d.Reference, OperatorID: s.d.Operator, Status: r.status, Reason: r.reason}
		switch r.status {
		case threeds.Challenge:
			res.ACSURL, res.ChallengeMandated, res.AuthenticationType = s.d.ChallengeURL, threeds.No, threeds.DynamicChallenge
		case threeds.Decoupled:
			res.DecoupledConfirm, res.AuthenticationType = threeds.Yes, threeds.DecoupledChallenge
		case threeds.Authenticated:
			var err error
			if res.ECI, res.AuthenticationValue, err = s.prove(ctx, tx, r); err != nil {
				return err
			}
		}
		res, err := threeds.BuildARes(a, res)
		if err != nil {
			return err
		}
		body, err := res.Encode()
		if err != nil {
			return err
		}
		if r.answer, err = s.d.Vault.Seal(vault.PII, r.place("answer"), body); err != nil {
			return err
		}
		return s.write(ctx, tx, *r)
	})
	if err != nil {
		return row{}, err
	}
	s.counts.add(r.status)
	if r.state == Challenged {
		s.kick(r.client)
	}
	return r, nil
}

// answered gives the answer that went out.
func (s *Service) answered(r row) (threeds.ARes, error) {
	body, err := s.d.Vault.Open(vault.PII, r.place("answer"), r.answer)
	if err != nil {
		return threeds.ARes{}, fmt.Errorf("authentication %s: %w", r.id.Text(Prefix), err)
	}
	res, bad := threeds.Reader{LoopbackHTTP: true}.ParseARes(body)
	if bad != nil {
		return threeds.ARes{}, fmt.Errorf("authentication %s: %w", r.id.Text(Prefix), bad)
	}
	return res, nil
}

// stranger answers about a card that is none of ours. There is nobody whose
// row it could be, so the number is made of the question: asked again, the
// answer is the same.
func (s *Service) stranger(a threeds.AReq) (threeds.ARes, error) {
	x := [16]byte(s.d.Vault.MAC("authentication.stranger", []byte(a.DSTransID), []byte(a.ServerTransID))[:16])
	x[6], x[8] = x[6]&0x0f|0x80, x[8]&0x3f|0x80 // version 8: of our own making (RFC 9562 §5.8)
	v := no(threeds.Denied, threeds.NoCardRecord)
	s.counts.add(v.status)
	return threeds.BuildARes(a, threeds.ARes{ACSTransID: uuid(x), ReferenceNumber: s.d.Reference, OperatorID: s.d.Operator, Status: v.status, Reason: v.reason})
}

// print binds the directory's number to what was asked under it. It is keyed,
// because a hash of a card number is as good as the number.
func (s *Service) print(a threeds.AReq) [16]byte {
	return [16]byte(s.d.Vault.MAC("authentication.asked", s.d.Vault.Lookup(vault.Number, a.AcctNumber.Reveal()), []byte(a.ServerTransID),
		[]byte(a.Channel), []byte(a.Category), []byte(a.PurchaseAmount), []byte(a.PurchaseCurrency), []byte(a.PurchaseExponent),
		[]byte(a.AcquirerBIN), []byte(a.AcquirerMerchantID), []byte(a.MerchantName), []byte(a.NotificationURL))[:16])
}

// shopOf names a shop for «seen before» without telling its name.
func shopOf(a threeds.AReq) []byte {
	sum := sha256.Sum256([]byte(a.AcquirerBIN + "|" + a.AcquirerMerchantID))
	return sum[:16]
}

// maxAgent is what is kept of a User-Agent.
const maxAgent = 256

func clip(s string) string {
	if r := []rune(s); len(r) > maxAgent {
		return string(r[:maxAgent])
	}
	return s
}

var (
	qKnownShop = db.Query(`SELECT 1 FROM authentication WHERE client = $1 AND card = $2 AND shop = $3 AND status = 'Y' AND method <> '' LIMIT 1`)
	qKnownDev  = db.Query(`SELECT 1 FROM authentication WHERE client = $1 AND device = $2 AND status = 'Y' AND method <> '' LIMIT 1`)
	qRecent    = db.Query(`SELECT CAST(COALESCE(SUM(CASE WHEN at_us > $3 THEN 1 ELSE 0 END), 0) AS BIGINT), COUNT(*)
		FROM authentication WHERE client = $1 AND card = $2 AND at_us > $4`)
	qFree = db.Query(`SELECT COUNT(*) FROM authentication WHERE client = $1 AND card = $2 AND status = 'Y' AND method = '' AND at_us >
		COALESCE((SELECT MAX(at_us) FROM authentication WHERE client = $1 AND card = $2 AND status = 'Y' AND method <> ''), 0)`)
	// Guesses at purchases of one card wait for each other on its oldest one.
	qTurn  = db.Query(`SELECT id FROM authentication WHERE client = $1 AND card = $2 AND begun_us > $3 ORDER BY begun_us, id LIMIT 1 {for_update}`)
	qWrong = db.Query(`SELECT CAST(COALESCE(SUM(wrong), 0) AS BIGINT) FROM authentication WHERE client = $1 AND card = $2 AND begun_us > $3`)
)

// gather collects what a decision is made of.
func (s *Service) gather(ctx context.Context, a threeds.AReq, server [16]byte) (f facts, err error) {
	f.ask, f.now = a, s.d.DB.Now()
	f.sum, f.sane = sumOf(a)
	f.face, err = s.d.Cards.ByNumber(a.AcctNumber.Reveal())
	if errors.Is(err, card.ErrMissing) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("card of a question: %w", err)
	}
	f.known = true
	who, one := int64(f.face.Client), f.face.ID.Bytes()
	if f.device, err = s.browserOf(ctx, server); err != nil {
		return f, err
	}
	if f.knownShop, err = s.any(ctx, qKnownShop, who, one, shopOf(a)); err != nil {
		return f, err
	}
	if len(f.device) > 0 {
		if f.knownBrowser, err = s.any(ctx, qKnownDev, who, f.device); err != nil {
			return f, err
		}
	}
	if err := s.d.DB.Row(ctx, qRecent, who, one, f.now.Add(-time.Hour).UnixMicro(), f.now.Add(-24*time.Hour).UnixMicro()).Scan(&f.hour, &f.day); err != nil {
		return f, fmt.Errorf("recent questions: %w", err)
	}
	if err := s.d.DB.Row(ctx, qFree, who, one).Scan(&f.free); err != nil {
		return f, fmt.Errorf("recent questions: %w", err)
	}
	wrong, err := s.wrongs(ctx, s.d.DB, f.face.Client, f.face.ID)
	f.paused = wrong >= s.d.Rules.CardTries
	return f, err
}

func (s *Service) any(ctx context.Context, q *db.Stmt, args ...any) (bool, error) {
	var one int
	err := s.d.DB.Row(ctx, q, args...).Scan(&one)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// maxMinor is the largest sum that is one; beyond it nobody shops.
const maxMinor = 1_000_000_000_000_00

// sumOf reads what is to be paid; false when it is no sum of money.
func sumOf(a threeds.AReq) (Sum, bool) {
	if a.Category != threeds.Payment {
		return Sum{}, true
	}
	n, ok := a.Amount()
	cur, err := strconv.Atoi(a.PurchaseCurrency)
	exp, err2 := strconv.Atoi(a.PurchaseExponent)
	if !ok || err != nil || err2 != nil || n > maxMinor || exp > 4 || cur == int(money.RUB) && exp != 2 {
		return Sum{}, false
	}
	return Sum{money.Amount{Minor: n, Cur: money.Currency(cur)}, exp, threeds.CurrencyLetters(a.PurchaseCurrency)}, true // #nosec G115 -- three digits
}
