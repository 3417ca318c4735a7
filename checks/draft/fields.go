package draft

import (
	"regexp"
	"strings"
	"unicode"
)

// PasswordName tells the fields that take a password by what they are called in
// the languages of most sites.
var PasswordName = regexp.MustCompile(`(?i)pass[-_ ]?(word|wd|phrase|code)|\bpwd\b|[-_#.]pwd|\bpass\b|passwor[td]|kennwort|mot[-_ ]de[-_ ]passe|contrase(ñ|n)a|\bsenha\b|wachtwoord|lösenord|losenord|hasło|\bhaslo\b|пароль|密码|密碼|パスワード|비밀번호|\bpin\b`)

// RealCard tells whether a text is the number of a payment card, apart from
// those that payment providers publish for trying.
func RealCard(text string) bool {
	var digits []byte
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r-'0'))
		case r != ' ' && r != '-':
			return false
		}
	}
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	sum := 0
	for i, d := range digits { // Luhn's check digit (ISO/IEC 7812-1)
		n := int(d)
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	plain := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
	return sum%10 == 0 && !testCards.MatchString(plain)
}

// testCards are numbers that Stripe, Adyen, Braintree and PayPal publish for
// trying, and runs of one digit.
var testCards = regexp.MustCompile(`^(4242424242424242|4000[0-9]{8}[0-9]{4}|4111111111111111|4012888888881881|5555555555554444|5105105105105100|2223003122003222|5200828282828210|378282246310005|371449635398431|30569309025904|38520000023237|6011111111111117|6011000990139424|3530111333300000|3566002020360505|0+|4988438843884305|2222400010000008)$`)
