package iso8583

// validMTI tells a type of this edition: 0 and three digits. Other editions
// have other fields under the same numbers.
func validMTI(mti string) bool {
	return len(mti) == 4 && mti[0] == '0' && digits(mti)
}

func digits(s string) bool { return N.wrong(s) < 0 }

// Response gives the type that answers a request or an advice, whether first
// sent or repeated: the function grows by one and the origin becomes even
// (0101 → 0110, 0421 → 0430). Anything else is not to be answered.
func Response(mti string) (string, bool) {
	if !validMTI(mti) || mti[2] != '0' && mti[2] != '2' || mti[3] > '5' {
		return "", false
	}
	return string([]byte{mti[0], mti[1], mti[2] + 1, mti[3] &^ 1}), true
}

// echoed are the fields that an answer repeats unchanged. Track, PIN block,
// chip data and private data are never sent back.
var echoed = [...]int{2, 3, 4, 7, 11, 12, 13, 15, 32, 33, 37, 41, 42, 49, 70, 90, 95}

// Answer makes the response with a response code (field 39). What is not to be
// answered gives a message of no type, which no profile packs.
func (m *Message) Answer(code string) *Message {
	mti, _ := Response(m.MTI)
	a := NewMessage(mti)
	for _, n := range echoed {
		if v, ok := m.Get(n); ok {
			a.Set(n, v)
		}
	}
	a.Set(39, code)
	return a
}

// Key matches a response to its request on a link, where many are under way
// and answers come in any order. It is made of what Answer echoes.
type Key struct {
	Class                          byte // second digit of the type
	STAN, Sent, Acquirer, Terminal string
}

// Key gives the message's key, the same for a request, its repeat under the
// same fields 7 and 11, and its response.
func (m *Message) Key() Key {
	k := Key{STAN: m.val[11], Sent: m.val[7], Acquirer: m.val[32], Terminal: m.val[41]}
	if validMTI(m.MTI) {
		k.Class = m.MTI[1]
	}
	return k
}
