package cabinet

import "net/http"

// orderRoutes is the way from the front of the house to a card. The pages of
// the questionnaire know newcomers by the flow that has proved their phone and
// clients of the old way by their session; without either they lead to /order.
func (d *Door) orderRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: "/{$}", who: visitor, serve: d.getLanding},
		{method: get, path: "/order", who: visitor, serve: d.getOrder},
		{method: post, path: "/order", who: visitor, entry: true, serve: d.postOrder},
		{method: get, path: "/order/code", who: visitor, serve: d.getOrderCode},
		{method: post, path: "/order/code", who: visitor, entry: true, serve: d.postOrderCode},
		{method: get, path: "/order/resume", who: visitor, serve: d.getResume},
		{method: get, path: "/order/person", who: visitor, serve: d.getPerson},
		{method: post, path: "/order/person", who: visitor, serve: d.postPerson},
		{method: get, path: "/order/passport", who: visitor, serve: d.getPassport},
		{method: post, path: "/order/passport", who: visitor, serve: d.postPassport},
		{method: get, path: "/order/address", who: visitor, serve: d.getAddress},
		{method: post, path: "/order/address", who: visitor, serve: d.postAddress},
		{method: get, path: "/order/scans", who: visitor, serve: d.getScans},
		{method: post, path: "/order/scans", who: visitor, body: uploadBody, files: true, serve: d.postScans},
		{method: get, path: "/order/scans/{id}", who: visitor, serve: d.getScan},
		{method: post, path: "/order/scans/done", who: visitor, serve: d.postScansDone},
		{method: get, path: "/order/word", who: visitor, serve: d.getWord},
		{method: post, path: "/order/word", who: visitor, serve: d.postWord},
		{method: get, path: "/order/check", who: visitor, serve: d.getCheck},
		{method: post, path: "/order/submit", who: visitor, serve: d.postSubmit},
		{method: get, path: "/order/status", who: visitor, serve: d.getStatus},
		{method: post, path: "/order/again", who: visitor, serve: d.postAgain},
		{method: get, path: "/order/withdraw", who: visitor, serve: d.getWithdraw},
		{method: post, path: "/order/withdraw", who: visitor, serve: d.postWithdraw},
		{method: get, path: "/order/passcode", who: visitor, serve: d.getFirst},
		{method: post, path: "/order/passcode", who: visitor, entry: true, serve: d.postFirst},
		{method: get, path: "/order/done", who: insider, serve: d.getOrderDone},
	}
}
