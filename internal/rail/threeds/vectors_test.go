package threeds_test

import (
	"encoding/json"
	"maps"
	"testing"
)

// The examples of the reference: one purchase from the first question to the end.
const (
	serverTransID = "6afa6072-9412-446b-9673-2f98b3ee98a2"
	dsTransID     = "d65e93c3-35ab-41ba-b307-767bfc19eae3"
	acsTransID    = "375d90ad-3873-498b-9133-380cbbc8d99d"

	areqExample = `{"messageType":"AReq","messageVersion":"2.2.0","threeDSServerTransID":"6afa6072-9412-446b-9673-2f98b3ee98a2","dsTransID":"d65e93c3-35ab-41ba-b307-767bfc19eae3","dsReferenceNumber":"3DS_LOA_DIS_TEST_020200_00001","dsURL":"https://ds.example/rreq","threeDSServerRefNumber":"3DS_LOA_SER_TEST_020200_00001","threeDSServerURL":"https://3dss.example/rreq","threeDSRequestorID":"REQ-1","threeDSRequestorName":"Test Shop","threeDSRequestorURL":"https://shop.example","threeDSRequestorAuthenticationInd":"01","threeDSRequestorChallengeInd":"01","threeDSCompInd":"Y","deviceChannel":"02","messageCategory":"01","acctNumber":"2200000000000004","cardExpiryDate":"2812","acquirerBIN":"123456","acquirerMerchantID":"MERCHANT0000001","merchantName":"Test Shop","mcc":"5411","merchantCountryCode":"643","purchaseAmount":"125050","purchaseCurrency":"643","purchaseExponent":"2","purchaseDate":"20261122094501","transType":"01","notificationURL":"https://shop.example/3ds/done","browserAcceptHeader":"text/html","browserIP":"192.0.2.10","browserJavaEnabled":false,"browserJavascriptEnabled":true,"browserLanguage":"ru-RU","browserColorDepth":"24","browserScreenHeight":"900","browserScreenWidth":"1440","browserTZ":"-180","browserUserAgent":"Mozilla/5.0 test"}`

	aresExample = `{"messageType":"ARes","messageVersion":"2.2.0","threeDSServerTransID":"6afa6072-9412-446b-9673-2f98b3ee98a2","dsTransID":"d65e93c3-35ab-41ba-b307-767bfc19eae3","acsTransID":"375d90ad-3873-498b-9133-380cbbc8d99d","acsReferenceNumber":"3DS_LOA_ACS_TEST_020200_00001","acsOperatorID":"TESTBANK-ACS","acsURL":"https://acs.bank.example/acs/challenge","acsChallengeMandated":"N","authenticationType":"02","transStatus":"C"}`

	rreqExample = `{"messageType":"RReq","messageVersion":"2.2.0","threeDSServerTransID":"6afa6072-9412-446b-9673-2f98b3ee98a2","dsTransID":"d65e93c3-35ab-41ba-b307-767bfc19eae3","acsTransID":"375d90ad-3873-498b-9133-380cbbc8d99d","messageCategory":"01","authenticationType":"02","authenticationMethod":"02","interactionCounter":"01","transStatus":"Y","eci":"02","authenticationValue":"sQEBSWEkHMN07OMAAAAAB1vNFQA="}`

	rresExample = `{"messageType":"RRes","messageVersion":"2.2.0","threeDSServerTransID":"6afa6072-9412-446b-9673-2f98b3ee98a2","dsTransID":"d65e93c3-35ab-41ba-b307-767bfc19eae3","acsTransID":"375d90ad-3873-498b-9133-380cbbc8d99d","resultsStatus":"01"}`

	creqExample = "eyJ0aHJlZURTU2VydmVyVHJhbnNJRCI6IjZhZmE2MDcyLTk0MTItNDQ2Yi05NjczLTJmOThiM2VlOThhMiIsImFjc1RyYW5zSUQiOiIzNzVkOTBhZC0zODczLTQ5OGItOTEzMy0zODBjYmJjOGQ5OWQiLCJjaGFsbGVuZ2VXaW5kb3dTaXplIjoiMDIiLCJtZXNzYWdlVHlwZSI6IkNSZXEiLCJtZXNzYWdlVmVyc2lvbiI6IjIuMi4wIn0"
	cresExample = "eyJ0aHJlZURTU2VydmVyVHJhbnNJRCI6IjZhZmE2MDcyLTk0MTItNDQ2Yi05NjczLTJmOThiM2VlOThhMiIsImFjc1RyYW5zSUQiOiIzNzVkOTBhZC0zODczLTQ5OGItOTEzMy0zODBjYmJjOGQ5OWQiLCJjaGFsbGVuZ2VDb21wbGV0aW9uSW5kIjoiWSIsIm1lc3NhZ2VUeXBlIjoiQ1JlcyIsIm1lc3NhZ2VWZXJzaW9uIjoiMi4yLjAiLCJ0cmFuc1N0YXR1cyI6IlkifQ"

	valueExample = "sQEBSWEkHMN07OMAAAAAB1vNFQA="
)

// edit takes an example apart, lets a test change it and puts it together.
type edit func(m map[string]any)

func edited(t testing.TB, example string, edits ...edit) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(example), &m); err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		e(m)
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func set(name string, value any) edit { return func(m map[string]any) { m[name] = value } }

func without(names ...string) edit {
	return func(m map[string]any) {
		for _, n := range names {
			delete(m, n)
		}
	}
}

func with(more map[string]any) edit { return func(m map[string]any) { maps.Copy(m, more) } }

// key is 00 01 … 1F, the key of the reference's value.
func key() []byte {
	k := make([]byte, 32)
	for i := range k {
		k[i] = byte(i)
	}
	return k
}
