package apps

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// mailRoot is where Debian's package has the part of Roundcube that a web
// server shows.
const mailRoot = "/var/lib/roundcube/public_html"

// dovecotConf is a Dovecot for one person, that listens on loopback only.
const dovecotConf = `
base_dir = @TEMP@/run
state_dir = @TEMP@/state
log_path = /dev/stderr
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = @OURS@
default_login_user = @LOGIN@
first_valid_uid = 1
mail_location = sdbox:@TEMP@/mails/%n
passdb {
  driver = static
  args = password=@PASSWORD@
}
userdb {
  driver = static
  args = uid=@MAIL@ gid=@GROUP@ home=@TEMP@/mails/%n
}
namespace inbox {
  inbox = yes
  mailbox Drafts {
    special_use = \Drafts
    auto = subscribe
  }
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
  mailbox Trash {
    special_use = \Trash
    auto = subscribe
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    port = @PORT@
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
`

// roundcubeConf is a Roundcube that keeps everything in a folder.
const roundcubeConf = `<?php
$config['db_dsnw'] = 'sqlite:///@TEMP@/mail.db?mode=0600';
$config['imap_host'] = '127.0.0.1:@IMAP@';
$config['smtp_host'] = '127.0.0.1:@SMTP@';
$config['smtp_user'] = '';
$config['smtp_pass'] = '';
$config['des_key'] = 'for-nothing-but-a-test--';
$config['product_name'] = 'Kiln Mail';
$config['mail_domain'] = 'kiln.example';
$config['temp_dir'] = '@TEMP@/temp';
$config['log_dir'] = '@TEMP@/logs';
$config['log_driver'] = 'file';
$config['plugins'] = [];
`

// mail starts Roundcube with an IMAP and an SMTP server behind it, and one
// letter in the box.
func mail(t testing.TB) (url string) {
	temp := t.TempDir()
	box, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	ours, login := box.Username, box.Username
	if os.Geteuid() == 0 {
		// Dovecot has users of its own, and opens no mail as root.
		ours, login = "dovecot", "dovenull"
		if box, err = user.Lookup("nobody"); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Dir(temp), 0o755); err != nil { // the test's folders, else for root alone
			t.Fatal(err)
		}
	}
	uid, _ := strconv.Atoi(box.Uid)
	gid, _ := strconv.Atoi(box.Gid)
	mails := filepath.Join(temp, "mails")
	if err := errors.Join(os.Mkdir(mails, 0o755), os.Chown(mails, uid, gid)); err != nil {
		t.Fatal(err)
	}
	imap := freePort(t)
	letters := postbox{conf: filepath.Join(temp, "dovecot.conf")}
	write(t, letters.conf, fill(dovecotConf, "@TEMP@", temp, "@PASSWORD@", password,
		"@OURS@", ours, "@LOGIN@", login, "@MAIL@", box.Uid, "@GROUP@", box.Gid, "@PORT@", strconv.Itoa(imap)))
	s := start(t, "dovecot", exec.Command(lookPath("dovecot"), "-F", "-c", letters.conf))
	s.await(t, listens("127.0.0.1:"+strconv.Itoa(imap)))

	if err := letters.deliver("From: Sam <sam@kiln.example>\r\nTo: robin@kiln.example\r\nSubject: Firing on Friday\r\n" +
		"Date: Wed, 25 Nov 2026 10:00:00 +0000\r\nMessage-ID: <firing@kiln.example>\r\n\r\nThe kiln is lit at six.\r\n"); err != nil {
		t.Fatal(err)
	}

	conf := filepath.Join(temp, "conf")
	copyFolder(t, "/etc/roundcube", conf)
	write(t, filepath.Join(conf, "config.inc.php"), fill(roundcubeConf, "@TEMP@", temp, "@IMAP@", strconv.Itoa(imap), "@SMTP@", strconv.Itoa(smtp(t, letters))))
	for _, d := range []string{"temp", "logs"} {
		if err := os.Mkdir(filepath.Join(temp, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	output(t, exec.Command("php", "-r", `(new PDO("sqlite:".$argv[1]))->exec(file_get_contents($argv[2]));`,
		filepath.Join(temp, "mail.db"), "/usr/share/dbconfig-common/data/roundcube/install/sqlite3"))
	return php(t, "Roundcube", mailRoot, []string{"ROUNDCUBE_CONFIG_DIR=" + conf})
}

// lookPath finds a program of the system's administrator, too.
func lookPath(name string) string {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return name
}

// postbox hands letters to a running Dovecot.
type postbox struct{ conf string }

// deliver puts a letter into robin's box.
func (p postbox) deliver(letter string) error {
	cmd := exec.Command(lookPath("doveadm"), "-c", p.conf, "save", "-u", "robin", "-m", "INBOX")
	cmd.Stdin = strings.NewReader(letter)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("deliver a letter: %w: %s", err, text)
	}
	return nil
}

// smtp takes every letter and puts it into the box (RFC 5321, as far as one
// well-behaved client needs it). It gives the port.
func smtp(t testing.TB, letters postbox) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			converse(conn, letters)
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return ln.Addr().(*net.TCPAddr).Port
}

// converse serves one connection.
func converse(conn net.Conn, letters postbox) {
	defer conn.Close()
	in := textproto.NewReader(bufio.NewReader(conn))
	say := func(text string) { fmt.Fprint(conn, text+"\r\n") }
	say("220 kiln.example")
	for {
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); verb {
		case "DATA":
			say("354 go ahead")
			text, err := in.ReadDotBytes()
			if err != nil {
				return
			}
			if err := letters.deliver(strings.ReplaceAll(string(text), "\n", "\r\n")); err != nil {
				say("451 " + err.Error())
				continue
			}
			say("250 delivered")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 kiln.example")
		}
	}
}
