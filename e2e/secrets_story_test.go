package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"rocketbank/internal/base/tier"
)

// After a newcomer's path nothing she entrusted to the bank lies open: not in
// the database, its log or a backup, not in the program's log, not in pages that
// have no need of it, her own or the console's.
func TestSecretsStory(t *testing.T) {
	t.Parallel()
	tier.AtLeast(t, tier.CI)
	storyDemo(t, func(t *testing.T, d *Demo) {
		friend, good := d.Person("Марина"), d.Card("good")
		p := d.Open(t, Opt{Mobile: true, Within: 8 * time.Minute})
		application := p.Order(d, rita)
		var codes []string
		for _, m := range d.Messages(rita.Phone) {
			if c := sixDigits.FindStringSubmatch(m.Text); c != nil {
				codes = append(codes, c[1])
			}
		}
		if len(codes) == 0 {
			t.Fatal("no code to look for")
		}
		good.CVC = "947"
		p.StartTopUp(good, "9000")
		p.Pay3DS(good.Code)
		p.AtPrefix("/topup/tu_")
		p.Sees("Пополнили на")
		const message = "Канарейка поёт"
		p.Send(friend.Phone, "1234", message, rita.Passcode)

		secrets := map[string]string{
			"phone": rita.Phone[2:], "friend's phone": friend.Phone[2:], "surname": rita.Last, "birth date": rita.Birth, "birth date as ISO": "1985-07-28",
			"passport": rita.Series + rita.Number, "passport as written": rita.Series + " " + rita.Number, "passport's number": rita.Number, "code word": rita.CodeWord,
			"another bank's card": good.Number, "that card in groups": "2200 0000 0000 0046", "message": message, "passcode": rita.Passcode, "friend's token": friend.Token[3:],
		}
		for i, c := range codes {
			secrets[fmt.Sprintf("one-time code %d", i+1)] = c
		}

		// Pages: only what they are for. A receipt and a form name the payee's phone.
		fullPhone := regexp.MustCompile(`\+7\s?\(?\d{3}\)?\s?\d{3}[- ]?\d{2}[- ]?\d{2}`)
		for _, path := range []string{"/home", "/operations", "/payments", "/transfer", "/topup", "/more", "/profile/devices", "/profile/tokens", "/profile/passcode", "/profile/looks"} {
			p.Go(path)
			html := plainSpaces.Replace(p.JS("document.documentElement.outerHTML"))
			html = strings.ReplaceAll(html, "0000 0000 0000 0000", "")                                        // the example in the empty field
			for _, n := range fullPhone.FindAllString(strings.ReplaceAll(html, "+7 916 555-01-23", ""), -1) { // the example in the empty field
				if !strings.Contains(n, "800") { // the bank's own
					t.Errorf("%s shows a whole phone: %s", path, n)
				}
			}
			for _, what := range append(neverShown, "birth date", "passport", "passport as written", "passport's number") {
				if holdsNumber(html, secrets[what]) {
					t.Errorf("%s holds the %s", path, what)
				}
			}
			if wholeCard.MatchString(html) {
				t.Errorf("%s holds a whole card number: %s", path, wholeCard.FindString(html))
			}
		}

		consoleTells(t, d, application, secrets)

		d.Stop() // the write-ahead log and the outbox are where they will be found
		places := map[string]string{"the log": d.log.text()}
		if d.db == "" {
			bankFiles(t, d.folder, places)
		} else {
			bankTables(t, d.db, places)
		}
		places["a backup"], places["an opened backup"] = d.backup()
		for place, text := range places {
			for what, s := range secrets {
				if holdsNumber(text, s) || strings.Contains(text, hex.EncodeToString([]byte(s))) && len(s) > 6 {
					t.Errorf("%s holds the %s", place, what)
				}
			}
			if found := ownCard.FindString(text); found != "" {
				t.Errorf("%s holds a card of our own: %q", place, found)
			}
			if strings.Contains(text, `"cvc"`) || strings.Contains(text, `cvc=`) {
				t.Errorf("%s holds a CVC", place)
			}
		}
		d.Restart()
		d.Verify()
	})
}

// neverShown are the secrets that no page may hold, whoever reads it.
var neverShown = []string{"another bank's card", "that card in groups", "passcode", "one-time code 1", "code word"}

// consoleTells walks the console's pages: whoever has no case of hers learns
// nothing of her, and a reason opens her data without what nobody may see.
func consoleTells(t *testing.T, d *Demo, application string, secrets map[string]string) {
	t.Helper()
	look := func(s *Page, path string, whats ...string) {
		t.Helper()
		if path != "" {
			s.Go(path)
		}
		html := plainSpaces.Replace(s.JS("document.documentElement.outerHTML"))
		for _, what := range append(whats, neverShown...) {
			if holdsNumber(html, secrets[what]) {
				t.Errorf("the console's %s holds the %s", s.Path(), what)
			}
		}
		if wholeCard.MatchString(html) || ownCard.MatchString(html) {
			t.Errorf("the console's %s holds a whole card number", s.Path())
		}
	}
	hers := []string{"phone", "surname", "birth date", "birth date as ISO", "passport", "passport as written", "passport's number", "message"}
	m := d.Staff(t, "manager", Opt{Within: 3 * time.Minute})
	for _, path := range []string{"/", "/applications?show=done", "/applications/" + application, "/me"} {
		look(m, path, hers...)
	}
	m.Go("/clients")
	m.Fill("q", rita.Phone)
	m.Submit("Найти")
	m.AtPrefix("/clients/cl_")
	look(m, "", hers...)
	m.Submit("Клиент звонит")
	look(m, "", hers...)
	m.Fill("reason", "Звонок клиента")
	m.Submit("Открыть")
	m.Sees(rita.Last) // a case and a reason open her person
	look(m, "", "message")
	m.Shut()
	for role, path := range map[string]string{"auditor": "/audit", "security": "/watch"} {
		s := d.Staff(t, role, Opt{})
		look(s, path, hers...)
		s.Shut()
	}
}

// backup takes a backup with the program and gives it as it lies there and as
// its owner's passphrase opens it.
func (d *Demo) backup() (sealed, opened string) {
	d.t.Helper()
	dir := d.t.TempDir()
	word, file := filepath.Join(dir, "word"), filepath.Join(dir, "bank.age")
	const passphrase = "correct horse battery staple"
	if err := os.WriteFile(word, []byte(passphrase), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if out, code := d.Run("backup", "--out", file, "--passphrase-file", word); code != 0 {
		d.t.Fatalf("backup ended with %d: %s", code, out)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	who, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		d.t.Fatal(err)
	}
	in, err := age.Decrypt(bytes.NewReader(raw), who)
	if err != nil {
		d.t.Fatal(err)
	}
	unpacked, err := gzip.NewReader(in)
	if err != nil {
		d.t.Fatal(err)
	}
	plain, err := io.ReadAll(unpacked)
	if err != nil || !bytes.Contains(plain, []byte("application")) {
		d.t.Fatalf("the backup opens to %d bytes that are none of ours: %v", len(plain), err)
	}
	var values bytes.Buffer // bytes of a row stand in base64
	for _, m := range inBase64.FindAllSubmatch(plain, -1) {
		if value, err := base64.StdEncoding.DecodeString(string(m[1])); err == nil {
			values.Write(append(value, '\n'))
		}
	}
	return string(raw), string(plain) + values.String()
}

var inBase64 = regexp.MustCompile(`"([A-Za-z0-9+/]{8,}={0,2})"`)

// ownCard is a card number of the demo's own range, in the open or as hex.
var ownCard = regexp.MustCompile(`(?:^|\D)5500 ?00\d\d ?\d{4} ?\d{4}(?:\D|$)|353530303030(?:3\d){10}`)

var wholeCard = regexp.MustCompile(`(?:^|\D)(?:\d{4}[ -]?){3}\d{4}(?:\D|$)`)

// holdsNumber looks for a text; a text of digits counts only as a number of its
// own, for six digits stand in every time stamp.
func holdsNumber(text, want string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], want)
		if i < 0 {
			return false
		}
		i += at
		end := i + len(want)
		digit := func(at int) bool { return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9' }
		if len(want) > 6 || !digit(i-1) && !digit(end) {
			return true
		}
		at = end
	}
}

// bankFiles reads what the bank keeps in its folder. The sandbox's files are
// the outside world; ready.json and people.json are the demo's keys under the
// mat, and the key file is named for what it is.
func bankFiles(t *testing.T, folder string, into map[string]string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, f fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case f.IsDir() && f.Name() == "sandbox":
			return fs.SkipDir
		case f.IsDir(), f.Name() == "ready.json", f.Name() == "people.json", f.Name() == "keys.json":
			return nil
		}
		raw, err := os.ReadFile(path)
		into[f.Name()] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(into["bank.db"], "CREATE TABLE") {
		t.Error("bank.db is not what was looked into")
	}
}

// hexBytes is how PostgreSQL writes bytes in the text of a row.
var hexBytes = regexp.MustCompile(`\\\\?x(?:[0-9a-f]{2})+`)

// bankTables reads every row of every table as text, bytes as they are.
func bankTables(t *testing.T, address string, into map[string]string) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 10 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, name := range tables {
		rows, err := conn.Query(ctx, "SELECT t::text FROM "+pgx.Identifier{name}.Sanitize()+" t")
		if err != nil {
			t.Fatal(err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		// Bytes as they are: in their hexadecimal digits six of a code stand by chance.
		into["table "+name] = hexBytes.ReplaceAllStringFunc(strings.Join(all, "\n"), func(s string) string {
			raw, _ := hex.DecodeString(s[strings.IndexByte(s, 'x')+1:])
			return string(raw)
		})
	}
}
