package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// heard is one call to a client's program.
type heard struct {
	head http.Header
	body []byte
}

// webhookHears has a client's program told of a transfer: the first time it
// answers that it is broken, which the cabinet shows, then the client has it
// told again. What it hears is sealed.
func webhookHears(t *testing.T, d *Demo) {
	who, friend := d.Person("Аня"), d.Person("Павел")
	calls := make(chan heard, 16)
	var status atomic.Int32
	status.Store(http.StatusInternalServerError)
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(int(status.Load()))
		select {
		case calls <- heard{r.Header, body}:
		default:
		}
	}))
	defer program.Close()

	code, hook := d.Call("POST", "/webhooks", who.Token, map[string]any{"url": program.URL + "/bank", "events": []string{"transfer"}},
		map[string]string{"Idempotency-Key": "hook-1"})
	if code != http.StatusCreated {
		t.Fatalf("POST /webhooks: %d %v", code, hook)
	}
	secret, _ := hook["secret"].(string)
	d.Pay(who, friend.Phone, "123.45")

	first := next(t, calls)
	sealed(t, first, secret)
	var told struct {
		ID, Type  string
		Operation map[string]any
	}
	if err := json.Unmarshal(first.body, &told); err != nil {
		t.Fatal(err)
	}
	if told.Type != "transfer.created" || first.head.Get("Idempotency-Key") != told.ID || minorOf(t, told.Operation["amount"]) != -123_45 {
		t.Errorf("the program was told %s under %q", first.body, first.head.Get("Idempotency-Key"))
	}

	page := "/profile/webhooks/" + hook["id"].(string)
	p := d.Open(t, Opt{Mobile: true})
	p.Login(d, who.Phone, who.Passcode)
	p.Go("/profile/tokens")
	p.Sees(strings.TrimPrefix(program.URL, "http://"))
	p.comes(page, "ответ 500")
	p.Sees("Не отвечает с")
	status.Store(http.StatusNoContent)
	p.Submit("Ещё раз")
	p.At(page)
	second := next(t, calls)
	sealed(t, second, secret)
	if string(second.body) != string(first.body) {
		t.Errorf("told again it hears another word: %s", second.body)
	}
	p.comes(page, "доставлено")
	p.SeesNot("Не отвечает с")
	p.Submit("Больше не сообщать")
	p.At("/profile/tokens")
	p.SeesNot(strings.TrimPrefix(program.URL, "http://"))
}

// comes loads a page, which does not live, until it says something.
func (p *Page) comes(path, words string) {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		p.Go(path)
		if strings.Contains(p.TextOf("main"), words) {
			return
		}
	}
	p.Sees(words)
}

func next(t testing.TB, calls <-chan heard) heard {
	t.Helper()
	select {
	case c := <-calls:
		return c
	case <-time.After(patience):
		t.Fatal("the program was never called")
		return heard{}
	}
}

// sealed checks the seal as docs/webhooks.md says it is made.
func sealed(t *testing.T, c heard, secret string) {
	t.Helper()
	at, sum, ok := strings.Cut(strings.TrimPrefix(c.head.Get("Signature"), "t="), ",v1=")
	seal := hmac.New(sha256.New, []byte(secret))
	seal.Write([]byte(at + "." + string(c.body)))
	if !ok || secret == "" || sum != hex.EncodeToString(seal.Sum(nil)) {
		t.Errorf("the seal %q is not made with the hook's secret", c.head.Get("Signature"))
	}
	unix, err := strconv.ParseInt(at, 10, 64)
	if age := time.Since(time.Unix(unix, 0)); err != nil || age < -5*time.Minute || age > 5*time.Minute {
		t.Errorf("the seal is %v old", age)
	}
}
