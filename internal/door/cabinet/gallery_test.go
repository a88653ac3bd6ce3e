package cabinet

import (
	"fmt"
	"testing"
	"time"

	"github.com/a-h/templ"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/door/ui"
)

// exhibit is one page in one state.
type exhibit struct {
	name string
	page templ.Component
	part bool // a fragment, not a document
}

func galleryKit(t testing.TB) *ui.Kit {
	t.Helper()
	kit, err := ui.NewKit(ui.DefaultBrand())
	if err != nil {
		t.Fatal(err)
	}
	return kit
}

// gallery lists every page of the cabinet in every state worth a look.
func gallery(kit *ui.Kit, lang locale.Lang, theme ui.Theme) []exhibit {
	now := time.Date(2026, 11, 22, 14, 5, 0, 0, clock.Moscow)
	p := locale.For(lang)
	en := lang == locale.English
	say := func(ru, other string) string {
		if en {
			return other
		}
		return ru
	}
	out := ui.Page{Kit: kit, P: p, Lang: lang, Theme: theme, Now: now, Path: "/"}
	in := out
	in.Reader, in.IdleAfter, in.Path = say("Аня Соколова", "Anya Sokolova"), 5*time.Minute, "/home"
	with := func(pg ui.Page, errs ...ui.Problem) ui.Page {
		pg.Errors = errs
		return pg
	}
	rub := func(r float64) money.Amount { return money.Rub(int64(r*100 + .5*sign(r))) }
	ptr := func(a money.Amount) *money.Amount { return &a }
	ago := func(d time.Duration) time.Time { return now.Add(-d) }

	main := ui.Card{ID: "cd_1", Href: "/cards/cd_1", Name: say("Основная", "Main"), Last4: "4821", Balance: rub(84120.45), Art: ui.Night, Virtual: true}
	trip := ui.Card{ID: "cd_2", Href: "/cards/cd_2", Name: say("На отпуск", "Holiday"), Last4: "7730", Balance: rub(61700), Art: ui.Flame, Virtual: true}
	paused := ui.Card{ID: "cd_3", Href: "/cards/cd_3", Name: say("Для подписок", "Subscriptions"), Last4: "0096", Balance: rub(2500), Art: ui.Mint, Virtual: true, State: ui.CardPaused}
	pavel := ui.Payee{Name: say("Павел К.", "Pavel K."), Phone: "+79165550123", Token: "pt.abc", Href: "/transfer?to=pt.abc"}
	lena := ui.Payee{Name: say("Елена В.", "Elena V."), Phone: "+79265550177", Token: "pt.def", Href: "/transfer?to=pt.def"}

	feed := []ui.Operation{
		{Href: "/operations/op_1", Kind: ui.TransferIn, Title: pavel.Name, Note: say("за пиццу", "for pizza"), Amount: rub(1500), At: ago(20 * time.Minute), Card: main.Name, New: true},
		{Href: "/operations/op_2", Kind: ui.TransferOut, Title: lena.Name, Amount: rub(-1284.50), At: ago(time.Hour), Card: main.Name},
		{Href: "/operations/op_3", Kind: ui.TopUp, State: ui.Pending, Note: say("с карты •• 1112", "from card •• 1112"), Amount: rub(5000), At: ago(2 * time.Hour)},
		{Href: "/operations/op_4", Kind: ui.TransferOut, State: ui.Declined, Title: say("Константин Александрович Долгоруков-Крымский", "Konstantin Dolgorukov-Krymsky"), Reason: say("Не прошла: не хватило 340 ₽", "Declined: ₽340 short"), Amount: rub(-900), At: ago(3 * time.Hour)},
		{Href: "/operations/op_5", Kind: ui.TopUp, Note: say("с карты •• 1112", "from card •• 1112"), Amount: rub(96000), At: ago(26 * time.Hour), Card: main.Name},
		{Href: "/operations/op_6", Kind: ui.TransferOut, State: ui.Refund, Title: lena.Name, Amount: rub(486), At: ago(27 * time.Hour)},
		{Href: "/operations/op_7", Kind: ui.TransferOut, State: ui.Released, Title: lena.Name, Amount: rub(-742.30), At: ago(28 * time.Hour)},
		{Href: "/operations/op_8", Kind: ui.TransferOut, State: ui.Disputed, Title: pavel.Name, Amount: rub(-3200), At: ago(50 * time.Hour)},
		{Href: "/operations/op_9", Kind: ui.TransferOut, Title: pavel.Name, Amount: rub(-12000), At: ago(400 * 24 * time.Hour), Card: main.Name},
	}
	spent := &Spending{Month: now, Total: rub(42180), Before: ptr(rub(45900)), Shares: []Share{
		{pavel.Name, rub(14300)}, {lena.Name, rub(8900)}, {say("Михаил Т.", "Mikhail T."), rub(6300)}, {say("Ольга П.", "Olga P."), rub(5060)},
		{say("Игорь С.", "Igor S."), rub(3700)}, {say("Вера Н.", "Vera N."), rub(2120)}, {say("Пётр А.", "Pyotr A."), rub(1000)}, {say("Анна Б.", "Anna B."), rub(800)},
	}}
	home := HomeView{Page: in, Total: rub(148320.45), Cards: []ui.Card{main, trip, paused}, Spending: spent, Feed: feed, More: true}
	one := home
	one.Cards, one.Total = []ui.Card{main}, main.Balance
	shut := home
	shut.SumsHidden = true
	live := home
	live.Notice = &ui.Notice{Tone: ui.Good, Text: say("Павел К. перевёл вам 1 500 ₽", "Pavel K. sent you ₽1,500")}
	noticed := home
	noticed.Notice = live.Notice

	quote := &Quote{Amount: rub(5000), Fee: rub(0), Total: rub(5000), Left: rub(79120.45), LimitLeft: rub(290000), LimitCap: rub(300000)}
	poor := *quote
	poor.Amount, poor.Total, poor.Problem = rub(90000), rub(90000), say("Не хватает 5 879,55 ₽. Пополните карту или выберите другую.", "You are ₽5,879.55 short. Top up or choose another card.")
	fee := &TopUpQuote{Token: "q", Amount: rub(1000), Fee: rub(30), Total: rub(1030)}
	free := &TopUpQuote{Token: "q", Amount: rub(5000), Fee: rub(0), Total: rub(5000)}
	transfer := TransferView{Page: in, Payee: pavel, Sources: []ui.Card{main}, Amount: "5 000", Message: say("За пиццу в пятницу", "Friday pizza"), Quote: quote, LimitLeft: rub(295000), LimitCap: rub(300000)}
	empty := transfer
	empty.Amount, empty.Message, empty.Quote = "", "", nil
	many := transfer
	many.Sources, many.From = []ui.Card{main, trip, paused}, "cd_2"
	many.LimitLeft, many.Quote = rub(4200), &Quote{Amount: rub(5000), Fee: rub(50), Total: rub(5050), Left: rub(79070.45), LimitLeft: rub(4200), LimitCap: rub(300000), Rule: say("1 %, не меньше 30 ₽", "1%, at least ₽30")}
	wrong := transfer
	wrong.Page = with(in, ui.Problem{Field: "amount", Text: poor.Problem}, ui.Problem{Field: "message", Text: say("Сообщение длиннее 140 знаков. Сократите его.", "The message is over 140 characters. Shorten it.")})
	wrong.Quote, wrong.Amount = &poor, "90 000"
	confirm := ConfirmView{Page: in, Action: "/transfer/confirm", Payee: pavel, From: main, Quote: *quote, Message: say("За пиццу в пятницу", "Friday pizza"), Hidden: []ui.Hidden{{Name: "quote", Value: "q"}, {Name: "key", Value: "k"}}, BackHref: "/transfer?to=pt.abc"}
	changed := confirm
	changed.Changed, changed.Quote = true, *many.Quote
	confirmErr := confirm
	confirmErr.Page, confirmErr.TriesLeft = with(in, ui.Problem{Field: "passcode", Text: say("Код не подошёл. Осталось 2 попытки.", "Wrong passcode. 2 tries left.")}), 2
	stale := confirm
	stale.Stale = true
	rule := say("до 2 999,99 ₽ — 1 %, не меньше 30 ₽; от 3 000 ₽ — бесплатно", "up to ₽2,999.99 — 1%, at least ₽30; from ₽3,000 — free")
	prices := shownTariff(p, tariff.Standard(), tariff.Kind.Open)
	later := prices
	later.Number, later.From = 2, now.AddDate(0, 1, 0)
	topup := TopUpView{Page: in, Rule: rule, Amount: "1 000", NumberAgain: true, Expiry: "12/28", Cards: []ui.Card{main}, Quote: fee, LimitLeft: rub(149000), LimitCap: rub(150000), Hidden: []ui.Hidden{{Name: "key", Value: "k"}}}
	topupEmpty := TopUpView{Page: in, Rule: rule, Cards: []ui.Card{main, trip}, LimitLeft: rub(150000), LimitCap: rub(150000)}
	topupErr := topup
	topupErr.Page = with(in, ui.Problem{Field: "card_number", Text: say("Такой карты нет. Проверьте цифры.", "There is no such card. Check the digits.")}, ui.Problem{Field: "card_expiry", Text: say("Срок карты прошёл. Возьмите другую.", "The card has expired. Take another one.")}, ui.Problem{Field: "card_cvc", Text: say("Введите три цифры с оборота.", "Enter the three digits on the back.")})
	topupFree := topup
	topupFree.Quote, topupFree.Amount = free, "5 000"
	result := TopUpResultView{Page: in, ID: "tu_06b3wq8s0f6e2v9c4y7n1h5k3m", State: TopUpDone, Amount: rub(5000), Fee: rub(0), Total: rub(5000), Foreign: "1112", To: main.Name, Left: ptr(rub(89120.45)), At: now}
	refused := result
	refused.State, refused.Reason, refused.RetryHref = TopUpRefused, say("На карте не хватило денег. Мы ничего не списали.", "Not enough money on the card. Nothing was charged."), "/topup?amount=5000"
	checking := result
	checking.State, checking.ContinueHref = TopUpProcessing, "http://127.0.0.1:1/3ds/x"
	stranger := checking
	stranger.Page, stranger.To, stranger.Left = out, "", nil
	op := OperationView{Page: in, Operation: feed[1], ID: "op_06b3wq8s0f6e2v9c4y7n1h5k3m", Who: lena.Name, Phone: lena.Phone, Message: say("Спасибо за ужин! Было здорово, повторим на следующей неделе?", "Thanks for dinner!"), Fee: ptr(rub(0)), Left: ptr(rub(82620.45)), Last4: "4821", RepeatHref: "/transfer?to=x", ReceiptHref: "/transfers/tr_1"}
	declined := op
	declined.Operation, declined.Left, declined.ReceiptHref = feed[3], nil, ""
	received := op
	received.Operation, received.Who, received.RepeatHref = feed[0], pavel.Name, ""
	receipt := ReceiptView{Page: in, ID: "tr_06b3wq8s0f6e2v9c4y7n1h5k3m", Fresh: true, Amount: rub(5000), Fee: rub(0), Left: ptr(rub(79120.45)), Payee: pavel, From: main, Message: say("За пиццу в пятницу", "Friday pizza"), At: now, RepeatHref: "/transfer?to=x&amount=5000", OperationHref: "/operations/op_1"}
	tokens := TokensView{Page: in, Tokens: []Token{
		{ID: "at_1", Name: say("Домашняя бухгалтерия", "Home accounts"), Hint: "rb_06b3…", Scopes: []string{"read"}, Created: ago(99 * time.Hour), Expires: now.Add(90 * 24 * time.Hour), Last: ago(time.Hour)},
		{ID: "at_2", Name: "cron", Hint: "rb_17zq…", Scopes: []string{"read", "transfer"}, Created: ago(99 * time.Hour), Expires: ago(time.Hour), Expired: true},
	}}
	tokens.Hooks = []Hook{{"/profile/webhooks/wh_1", "budget.example", "таблица", false}, {"/profile/webhooks/wh_2", "bot.example:8443", "бот", true}}
	hook := HookView{Page: in, Href: "/profile/webhooks/wh_1", URL: "https://budget.example/rocketbank?from=home", Events: []string{"transfer", "operation"}, Failing: in.Now.Add(-5 * time.Hour), Older: "/profile/webhooks/wh_1?before=we_1"}
	for i, state := range []string{"waiting", "given_up", "delivered", "waiting"} {
		hook.Deliveries = append(hook.Deliveries, HookDelivery{ID: fmt.Sprint("we_", i), Type: "transfer.updated", Operation: "/operations/op_1", State: state, Problem: []string{"status", "timeout", "", ""}[i], Status: 503, Tries: i, At: in.Now.Add(-time.Duration(i) * time.Hour)})
	}
	fresh := tokens
	fresh.Fresh = "rb_06b3wq8s0f6e2v9c4y7n1h5k3m_q2w3e4r5t6y7u8i9o0p1a2s3d4f5g6h7"
	form := TokensView{Page: with(in, ui.Problem{Field: "name", Text: say("Назовите токен, чтобы узнать его потом.", "Name the token, to know it later.")}, ui.Problem{Field: "scope", Text: say("Выберите хотя бы одно право.", "Choose at least one right.")}), Form: true, AskPasscode: true}
	devices := DevicesView{Page: in, Devices: []Device{
		{ID: "s1", Name: "Chrome, Linux", Place: "10.0.0.7", Since: ago(72 * time.Hour), Last: now, Current: true, Live: true},
		{ID: "s2", Name: "Safari, iPhone", Place: say("Казань", "Kazan"), Since: ago(400 * 24 * time.Hour), Last: ago(20 * time.Minute), Live: true},
		{ID: "s3", Name: "Firefox, Windows", Since: ago(900 * time.Hour), Last: ago(300 * time.Hour)},
	}}
	code := CodeView{Page: out, Purpose: CodeForOrder, PhoneEnd: "+79165550123", ResendIn: 102 * time.Second}
	badCode := code
	badCode.Page, badCode.TriesLeft, badCode.ResendIn = with(out, ui.Problem{Field: "code", Text: say("Код не подошёл. Осталось 2 попытки.", "Wrong code. 2 tries left.")}), 2, 0
	spentCode := code
	spentCode.Page, spentCode.Spent, spentCode.ResendIn, spentCode.Purpose = with(out, ui.Problem{Text: say("Код устарел. Запросите новый.", "The code is too old. Ask for a new one.")}), true, 0, CodeForLogin

	all := []exhibit{
		{"order-code", CodePage(code), false},
		{"order-code-wrong", CodePage(badCode), false},
		{"login-code-spent", CodePage(spentCode), false},
		{"order-done", OrderDonePage(OrderDoneView{Page: in, Card: main}), false},
		{"login", LoginPhonePage(LoginPhoneView{Page: out}), false},
		{"login-out", LoginPhonePage(LoginPhoneView{Page: out, LoggedOut: true}), false},
		{"login-known", LoginKnownPage(LoginKnownView{Page: out, Name: say("Аня", "Anya"), Next: "/home"}), false},
		{"login-known-wrong", LoginKnownPage(LoginKnownView{Page: with(out, ui.Problem{Field: "passcode", Text: say("Код не подошёл.", "Wrong passcode.")}), Name: say("Аня", "Anya"), TriesLeft: 2}), false},
		{"login-expired", LoginKnownPage(LoginKnownView{Page: out, Name: say("Аня", "Anya"), Next: "/transfer", Expired: IdleExpired, KeptForm: true}), false},
		{"login-new-device", LoginPasscodePage(LoginPasscodeView{Page: out}), false},
		{"login-locked", LockedPage(LockedView{Page: out, Until: now.Add(15 * time.Minute)}), false},
		{"login-forgot", ForgotPage(ForgotView{out}), false},
		{"home", HomePage(home), false},
		{"home-one-card", HomePage(one), false},
		{"home-hidden", HomePage(shut), false},
		{"home-notice", HomePage(noticed), false},
		{"home-new", HomePage(HomeView{Page: in, Total: rub(0), Cards: []ui.Card{{Href: "/cards/cd_1", Name: main.Name, Last4: "4821", Balance: rub(0), Virtual: true}}}), false},
		{"home-live", HomeLive(live), true},
		{"operations", OperationsPage(OperationsView{Page: in, Operations: feed, Next: "abc"}), false},
		{"operations-rest", OperationsPage(OperationsView{Page: in, Operations: feed[4:], Continued: true, ShownDay: clock.Day(feed[4].At)}), false},
		{"operations-none", OperationsPage(OperationsView{Page: in}), false},
		{"operation", OperationPage(op), false},
		{"operation-declined", OperationPage(declined), false},
		{"operation-received", OperationPage(received), false},
		{"recipient", RecipientPage(RecipientView{Page: in, LookupsLeft: -1, Recent: []ui.Payee{pavel, lena}}), false},
		{"recipient-error", RecipientPage(RecipientView{Page: with(in, ui.Problem{Field: "phone", Text: p.T("phone.short")}), Phone: "+7 916", LookupsLeft: 3}), false},
		{"not-client", NotClientPage(NotClientView{Page: in, Phone: "+79165550199", ShareURL: "https://bank.example"}), false},
		{"transfer", TransferPage(transfer), false},
		{"transfer-empty", TransferPage(empty), false},
		{"transfer-many", TransferPage(many), false},
		{"transfer-errors", TransferPage(wrong), false},
		{"quote", QuotePanel(QuoteView{Page: in, Payee: pavel, Quote: quote}), true},
		{"quote-problem", QuotePanel(QuoteView{Page: in, Payee: pavel, Problem: p.T("amount.invalid"), LimitLeft: rub(295000), LimitCap: rub(300000)}), true},
		{"confirm", ConfirmPage(confirm), false},
		{"confirm-wrong", ConfirmPage(confirmErr), false},
		{"confirm-stale", ConfirmPage(stale), false},
		{"confirm-changed", ConfirmPage(changed), false},
		{"receipt", ReceiptPage(receipt), false},
		{"topup", TopUpPage(topup), false},
		{"topup-free", TopUpPage(topupFree), false},
		{"topup-empty", TopUpPage(topupEmpty), false},
		{"topup-errors", TopUpPage(topupErr), false},
		{"topup-quote", TopUpQuotePanel(TopUpQuoteView{Page: in, Rule: rule, Quote: fee, LimitLeft: rub(149000), LimitCap: rub(150000)}), true},
		{"topup-done", TopUpResultPage(result), false},
		{"topup-refused", TopUpResultPage(refused), false},
		{"topup-processing", TopUpResultPage(checking), false},
		{"topup-stranger", TopUpResultPage(stranger), false},
		{"payments", PaymentsPage(PaymentsView{Page: in, Recent: []ui.Payee{pavel, lena}}), false},
		{"more", MorePage(MoreView{in}), false},
		{"devices", DevicesPage(devices), false},
		{"forget", ForgetPage(ForgetView{in, devices.Devices[1]}), false},
		{"forget-this", ForgetPage(ForgetView{in, devices.Devices[0]}), false},
		{"tokens", TokensPage(tokens), false},
		{"webhook", HookPage(hook), false},
		{"webhook-none", HookPage(HookView{Page: in, Href: "/profile/webhooks/wh_1", URL: "https://budget.example", Events: []string{"transfer"}}), false},
		{"tokens-none", TokensPage(TokensView{Page: in}), false},
		{"tokens-fresh", TokensPage(fresh), false},
		{"tokens-form", TokensPage(form), false},
		{"settings", SettingsPage(SettingsView{in}), false},
		{"settings-out", SettingsPage(SettingsView{out}), false},
		{"tariffs", TariffsPage(TariffsView{Page: in, Now: prices}), false},
		{"tariffs-next", TariffsPage(TariffsView{Page: in, Now: prices, Next: &later}), false},
		{"tariffs-out", TariffsPage(TariffsView{Page: out, Now: later}), false},
		{"help", HelpPage(HelpView{in}), false},
		{"help-out", HelpPage(HelpView{out}), false},
		{"offline", OfflinePage(OfflineView{out}), false},
	}
	all = append(all, disputeGallery(in, say, with)...)
	all = append(all, friendGallery(in, say, with)...)
	all = append(all, limitGallery(in, with)...)
	all = append(all, orderGallery(out, in, say, with)...)
	all = append(all, cardGallery(in, []ui.Card{main, trip, paused}, feed, say, with)...)
	all = append(all, purchaseGallery(in, home, say, with)...)
	all = append(all, payoutGallery(in, []ui.Card{main, trip, paused}, say, with)...)
	all = append(all, phoneGallery(in, []ui.Card{main, trip, paused}, say, with)...)
	all = append(all, linkGallery(in, []ui.Card{main, trip, paused}, say, with)...)
	all = append(all, cardRulesGallery(in, main, say, with)...)
	for _, g := range guides() {
		all = append(all, exhibit{"guide-" + g.name, GuidePage(GuideView{Page: in, Guide: g.name}), false})
	}
	all = append(all, exhibit{"guide-out", GuidePage(GuideView{Page: out, Guide: "transfer"}), false})
	for _, e := range []ErrorView{
		{Page: in, Status: 403}, {Page: out, Status: 404}, {Page: in, Status: 404, RequestID: "7F3A"}, {Page: in, Status: 405}, {Page: in, Status: 409},
		{Page: in, Status: 413}, {Page: in, Status: 422}, {Page: out, Status: 429, RetryIn: 42 * time.Second}, {Page: in, Status: 500, RequestID: "7F3A"}, {Page: out, Status: 503},
	} {
		name := "error-" + e.kind()
		if !e.SignedIn() {
			name += "-out"
		}
		all = append(all, exhibit{name, ErrorPage(e), false})
	}
	return all
}

func sign(f float64) float64 {
	if f < 0 {
		return -1
	}
	return 1
}
