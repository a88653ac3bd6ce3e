package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/payout"
	"rocketbank/internal/bank/topup"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/db/dbtest"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// inbox is the SMS gateway: it keeps what was sent.
type inbox struct {
	mu   sync.Mutex
	sent []notice.SMS
}

// Send keeps the message.
func (b *inbox) Send(_ context.Context, m notice.SMS) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, m)
	return "gw-" + m.Key, nil
}

// code waits for the newest message with a code and gives all texts too.
func (b *inbox) code(t *testing.T) string {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		b.mu.Lock()
		for i := len(b.sent) - 1; i >= 0; i-- {
			if c := sixDigits.FindString(b.sent[i].Text.Reveal()); c != "" {
				b.mu.Unlock()
				return c
			}
		}
		b.mu.Unlock()
	}
	t.Fatal("no code was sent")
	return ""
}

// till is the acquirer: it takes every card.
type till struct{ log *slog.Logger }

func (a till) Charge(_ context.Context, c topup.Charge) (topup.Outcome, error) {
	a.log.Info("a line that prints what it should not", "charge", c, "err", fmt.Errorf("charge %v %+v", c, c))
	return topup.Outcome{State: topup.ChargeRefused, Reason: "insufficient_funds"}, nil
}

func (till) Find(context.Context, string) (topup.Outcome, error) {
	return topup.Outcome{}, topup.ErrNoSuchCharge
}

// mute is a network that never answers.
type mute struct{ log *slog.Logger }

func (m mute) Send(_ context.Context, i payout.Instruction) (payout.Outcome, error) {
	m.log.Info("a line that prints what it should not", "to", i.To, "err", fmt.Errorf("send %v %+v %#v", i.To, i.To, i.To))
	return payout.Outcome{}, fmt.Errorf("no answer for %v", i.To)
}

func (m mute) Ask(ctx context.Context, i payout.Instruction) (payout.Outcome, error) {
	return m.Send(ctx, i)
}

// irina is a manager.
type irina struct{}

func (irina) Name() string     { return "Ирина К." }
func (irina) FullName() string { return "Ковалёва Ирина" }
func (irina) Ref() string      { return "staff:st_irina" }

// canaries are what a newcomer entrusts to the bank, by name.
type canaries map[string]string

// C01, C02, C06, S06: a newcomer fills the questionnaire in, sends scans of a
// passport, is approved, logs in, tries to top up from another bank's card, and
// money goes to one that gives no answer.
// Nothing of what was entrusted stands readable in the database's files, the
// write-ahead log, the rows of either engine, the log, the signed heads or a
// backup; after a rotation of all keys that is still so, everything opens, and
// no sealed column was forgotten.
func TestC01_CanariesThroughTheBank(t *testing.T) {
	t.Parallel()
	dbtest.EachURL(t, func(t *testing.T, url string) {
		ctx, folder := context.Background(), t.TempDir()
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			folder = filepath.Dir(path)
		}
		secrets := t.TempDir()
		keys := vault.File{Path: filepath.Join(secrets, "keys.json")}
		if err := keys.Create(vault.NewKeys()); err != nil {
			t.Fatal(err)
		}
		v, err := vault.New(ctx, keys)
		if err != nil {
			t.Fatal(err)
		}
		d := dbtest.Open(t, url, clock.System())
		log := &lockedBuffer{}
		logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		sms := &inbox{}
		b, err := openBank(ctx, parts{
			db: d, vault: v, clock: clock.System(), log: logger, heads: filepath.Join(folder, headsFile), origin: "https://my.bank.example",
			bin: "550000", brand: "Рокетбанк", acquirer: till{logger}, sms: sms,
			rails: map[payout.Way]payout.Rail{payout.Card: mute{logger}},
		})
		if err != nil {
			t.Fatal(err)
		}
		work, stop := context.WithCancel(ctx)
		var loops sync.WaitGroup
		loops.Go(func() { b.runLoops(work) })
		planted, newcomer := plant(t, b, sms, logger)
		if _, err := b.heads.Add(ctx, d, v.AuditKey(), time.Now()); err != nil {
			t.Fatal(err)
		}

		look := func(when string) {
			t.Helper()
			// «Кенара К.» is how a name is masked: that much may be shown.
			places := map[string][]byte{"the log": bytes.ReplaceAll(log.Bytes(), []byte("Кенара К."), nil)}
			filesOf(t, folder, places)
			var rows bytes.Buffer
			if err := d.Dump(ctx, &rows); err != nil {
				t.Fatal(err)
			}
			places["the rows"] = unsealed(rows.Bytes())
			places["a backup"] = backupOf(t, d)
			for place, in := range places {
				planted.lookIn(t, when+": "+place, in)
			}
		}
		look("open bank")
		if err := Rotate(ctx, RotateConfig{DB: d, Keys: keys, Out: log}); err != nil {
			t.Fatal(err)
		}
		if who, err := b.clients.ByID(ctx, newcomer); err != nil || who.Phone.E164() != planted["phone"] {
			t.Errorf("the open bank reads its client no more after a rotation: %v", err)
		}
		look("open bank after a rotation")
		stop()
		loops.Wait()
		look("stopped bank")
		after, err := vault.New(ctx, keys)
		if err != nil {
			t.Fatal(err)
		}
		report, err := ledger.Verify(ctx, d, SealedCheck(after))
		if err != nil || len(report.Breaches) != 0 {
			t.Errorf("after the rotation: %v %v", report.Breaches, err)
		}
		s, err := StatusOfKeys(ctx, keys, d)
		wholeTrail(t, d, after, filepath.Join(folder, headsFile))
		if err != nil || s.Old != 0 || s.Rotating || s.Versions["pii"] != 2 {
			t.Errorf("after the rotation: %+v %v", s, err)
		}
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			for _, name := range undeclared(t, path) {
				t.Errorf("%s holds sealed values and is not declared", name)
			}
		}
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
}

// wholeTrail compares the trail with what the bank signed while it ran.
func wholeTrail(t *testing.T, d *db.DB, v *vault.Vault, path string) {
	t.Helper()
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	heads, wrong, err := audit.ReadHeads(in, v.AuditKeys())
	if err != nil || len(wrong) != 0 || len(heads) == 0 {
		t.Fatalf("%d signed heads, %v, %v", len(heads), wrong, err)
	}
	err = d.Read(context.Background(), func(r db.Reader) error {
		rows, wrong, err := audit.Verify(context.Background(), r, heads...)
		if last := heads[len(heads)-1].Seq; len(wrong) != 0 || rows != last {
			t.Errorf("the trail has %d rows, the last signed head is at %d, %v", rows, last, wrong)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// plant takes a client on through the rooms and gives what must not be found.
func plant(t *testing.T, b *bank, sms *inbox, log *slog.Logger) (canaries, client.ID) {
	t.Helper()
	ctx := context.Background()
	must := func(v any, err error) {
		t.Helper()
		// What a careless line would print of it is looked at as well.
		log.Info("careless", "value", v, "text", fmt.Sprintf("%v %+v", v, v), "err", err)
		if err != nil {
			t.Fatalf("%T: %v", v, err)
		}
	}
	c := canaries{
		"phone": "+79167788993", "phone's digits": "9167788993", "family name": "Канарейкина-Жёлтая", "given name": "Кенара", "birth date": "29.03.1987", "birth date as ISO": "1987-03-29",
		"e-mail": "canary.bird@example.org", "passport": "4519778899", "passport's number": "778899", "department": "770-043", "issued by": "ОТДЕЛОМ КАНАРЕЕЧНЫМ",
		"birth place": "ПТИЧЬЯ СЛОБОДА", "street": "Певчая улица", "city": "Клеткино", "wish": "после шести вечера в клетку", "code word": "щебетанье",
		"passcode": "640275", "other bank's card": "4000005566778891", "mark in the scan": "CANARY-IN-THE-SCAN", "manager's note": "поёт по телефону",
		"receiver's card": "2200120099884821", "receiver": "Щегол Дроздович", "message of a payout": "за просо и конопляное семя",
	}
	home := access.Visitor{IP: "203.0.113.77", Agent: "Mozilla/5.0 (canary)"}
	f, err := b.applications.Begin(ctx, "8 (916) 778-89-93", locale.Russian, home)
	must(f, err)
	token := f.Token.Reveal()
	c["flow token"] = token
	code := sms.code(t)
	c["one-time code"] = code
	_, err = b.access.ConfirmCode(ctx, access.ForOrder, token, code)
	must(nil, err)
	h := application.ByFlow(token)
	view, err := b.applications.Open(ctx, h)
	must(view, err)
	_, err = b.applications.SaveName(ctx, h, application.NameForm{Last: c["family name"], First: c["given name"], BirthDate: c["birth date"]})
	must(nil, err)
	_, err = b.applications.SaveContact(ctx, h, application.ContactForm{Email: c["e-mail"]})
	must(nil, err)
	_, err = b.applications.SavePassport(ctx, h, application.PassportForm{Series: "4519", Number: "778899", Department: c["department"],
		IssuedBy: c["issued by"], IssuedOn: "30.04.2019", BirthPlace: c["birth place"]})
	must(nil, err)
	_, err = b.applications.SaveAddress(ctx, h, application.AddressForm{PostCode: "101000", Region: "77", City: c["city"], Street: c["street"], House: "7"})
	must(nil, err)
	_, err = b.applications.SaveDelivery(ctx, h, application.DeliveryForm{Way: application.Courier, Wish: c["wish"]})
	must(nil, err)
	view, err = b.applications.SaveWord(ctx, h, application.WordForm{CodeWord: vault.Hide(c["code word"]), Consents: map[application.ConsentKind]bool{application.Terms: true, application.PersonalData: true}})
	must(view, err)
	for i, p := range []application.Page{application.PageMain, application.PageRegistration} {
		got, err := b.applications.Upload(ctx, h, p, bytes.NewReader(picture(t, byte(i), c["mark in the scan"])))
		must(got, err)
	}
	view, err = b.applications.Submit(ctx, h)
	must(view, err)
	must(nil, b.applications.Take(ctx, irina{}, view.ID))
	dossier, err := b.applications.Read(ctx, irina{}, view.ID, "проверка")
	must(dossier, err)
	call, err := b.applications.BeginCall(ctx, irina{}, view.ID, true)
	must(nil, err)
	must(nil, b.applications.RecordCall(ctx, irina{}, view.ID, call.ID, application.Reached, time.Time{}, c["manager's note"]))
	done, err := b.applications.Approve(ctx, irina{}, view.ID, application.Checks())
	must(done, err)

	entry, err := b.access.FirstLogin(ctx, token, access.First{CodeWord: c["code word"], Passcode: c["passcode"], Repeat: c["passcode"]}, home)
	must(entry, err)
	c["session token"], c["device token"] = entry.SessionToken.Reveal(), entry.DeviceToken.Reveal()
	who, err := b.clients.ByID(ctx, entry.Session.Client)
	must(who, err)
	cards, err := b.cards.Of(ctx, who.ID)
	must(cards, err)
	price, err := b.topups.Quote(ctx, who.ID, money.Rub(500000))
	must(price, err)
	_, err = b.topups.Start(ctx, topup.Start{Client: who.ID, Key: ledger.Key(b.ids.New()), Account: who.Account, Quote: price.Token,
		Card: topup.Card{Number: c["other bank's card"], ExpMonth: 12, ExpYear: time.Now().Year() + 2, CVC: "947"}})
	must(nil, err)
	var sent id.ID
	must(nil, b.db.Write(ctx, func(tx db.Tx) (err error) {
		sent, err = b.payouts.Begin(ctx, tx, payout.Direct{Owner: who.ID, Key: ledger.Key(b.ids.New()), From: ledger.World, Amount: money.Rub(100),
			To: payout.Target{Way: payout.Card, Number: vault.Hide(c["receiver's card"]), Name: c["receiver"]}, Message: c["message of a payout"]})
		return err
	}))
	p, err := b.payouts.Go(ctx, sent)
	must(nil, err)
	if p.State != payout.Unknown {
		t.Fatalf("a payout that nobody answered is %v", p.State)
	}
	var card, sealed []byte
	if err := b.db.Row(ctx, qOwnCard, int64(who.ID)).Scan(&card, &sealed); err != nil {
		t.Fatal(err)
	}
	c["own card"], err = b.vault.OpenText(vault.PAN, vault.At{Table: "card.pan", Row: card}, sealed)
	must(nil, err)
	return c, who.ID
}

// qOwnCard reads what the network's line will one day read.
var qOwnCard = db.Query(`SELECT id, pan FROM card WHERE client = $1`)

// picture is a sharp photo with a mark in its comment, as cameras leave them.
func picture(t *testing.T, seed byte, mark string) []byte {
	t.Helper()
	chance := rand.New(rand.NewChaCha8([32]byte{seed}))
	img := image.NewGray(image.Rect(0, 0, 1600, 1200))
	for y := 0; y < 1200; y += 20 {
		for x := 0; x < 1600; x += 20 {
			shade := color.Gray{uint8(chance.IntN(2) * 255)}
			for dy := range 20 {
				for dx := range 20 {
					img.SetGray(x+dx, y+dy, shade)
				}
			}
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	comment := append([]byte{0xff, 0xfe, 0, byte(len(mark) + 2)}, mark...)
	return append(append(bytes.Clone(out.Bytes()[:2]), comment...), out.Bytes()[2:]...)
}

func filesOf(t *testing.T, folder string, into map[string][]byte) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		into[f.Name()] = raw
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// unsealed gives the rows of a dump both as they stand there and with their
// bytes taken out of base64.
func unsealed(dump []byte) []byte {
	out := bytes.Clone(dump)
	for _, m := range regexp.MustCompile(`"([A-Za-z0-9+/]{8,}={0,2})"`).FindAllSubmatch(dump, -1) {
		if raw, err := base64.StdEncoding.DecodeString(string(m[1])); err == nil {
			out = append(append(out, '\n'), raw...)
		}
	}
	return out
}

func backupOf(t *testing.T, d *db.DB) []byte {
	t.Helper()
	who, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := Backup(context.Background(), d, Folder(folder), "b.age", []age.Recipient{who.Recipient()}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(folder, "b.age"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

var codeOfCard = regexp.MustCompile(`(?i)cvc"?\s?[:=]\s?"?9|\b947\b["}]`)

func (c canaries) lookIn(t *testing.T, place string, in []byte) {
	t.Helper()
	for what, s := range c {
		for _, spelled := range []string{s, strings.ToUpper(s), strings.ToLower(s), hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))} {
			if at := numberAt(in, spelled); at >= 0 {
				t.Errorf("%s holds the %s: …%.100q", place, what, in[max(0, at-50):])
				break
			}
		}
	}
	if at := codeOfCard.FindIndex(in); at != nil && strings.HasSuffix(place, "log") {
		t.Errorf("%s holds a card's code: …%.100q", place, in[max(0, at[0]-50):])
	}
}

// numberAt finds a text; few digits count only as a number of their own, for
// they stand in every time stamp.
func numberAt(in []byte, want string) int {
	digit := func(at int) bool { return at >= 0 && at < len(in) && in[at] >= '0' && in[at] <= '9' }
	short := len(want) <= 6 && digitsOnly(want)
	for from := 0; ; {
		i := bytes.Index(in[from:], []byte(want))
		if i < 0 {
			return -1
		}
		if i += from; !short || !digit(i-1) && !digit(i+len(want)) {
			return i
		}
		from = i + 1
	}
}

func digitsOnly(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// Bytes is a copy of what was written.
func (l *lockedBuffer) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

// The looking itself: what is planted in the open is found.
func TestCanariesAreSeen(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"phone=+79167788993": true, "x 778899 y": true, "1778899000": false, hex.EncodeToString([]byte("canary")): true, "CANARY": true, "": false,
	} {
		found := numberAt([]byte(in), "+79167788993") >= 0 || numberAt([]byte(in), "778899") >= 0 || numberAt([]byte(in), hex.EncodeToString([]byte("canary"))) >= 0 || numberAt([]byte(in), "CANARY") >= 0
		if found != want {
			t.Errorf("%q: %v", in, found)
		}
	}
	row, err := base64.StdEncoding.DecodeString("eA==")
	if err != nil || !bytes.Contains(unsealed([]byte(`["Y2FuYXJ5IGJpcmQ="]`)), []byte("canary bird")) || len(row) != 1 {
		t.Error("bytes of a dump are not looked into")
	}
}
