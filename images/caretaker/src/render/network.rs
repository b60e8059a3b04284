//! Files of systemd-networkd, wpa_supplicant and chrony.

use provision::{Network, Settings, Wifi, WifiKey};

use super::{Ground, Rendered, host_name};

const FOLDER: &str = "/run/systemd/network";
const BY: &str = "# Made by wegovnow-box of the technician's settings.\n";

pub fn render(settings: &Settings, ground: &Ground<'_>, rendered: &mut Rendered) {
    rendered.public("/run/wegovnow-box/hostname", format!("{}\n", host_name(settings, ground.serial)));
    wired(&settings.network, rendered);
    if let Some(wifi) = &settings.wifi {
        rendered.public(
            &format!("{FOLDER}/07-wegovnow-wifi.network"),
            format!(
                "{BY}[Match]\nType=wlan\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nRouteMetric=2048\n\n[Link]\nRequiredForOnline=no\n"
            ),
        );
        rendered.private("/run/wegovnow-box/wpa_supplicant.conf", supplicant(wifi));
    }
    let servers = settings.time.servers.iter().map(|server| format!("server {server} iburst\n"));
    let servers: String = servers.collect();
    // Without servers of the town's own, Debian's; those that DHCP names come beside them.
    let servers = if servers.is_empty() { "pool 2.debian.pool.ntp.org iburst\n".to_owned() } else { servers };
    rendered.public("/run/chrony-sources/wegovnow.sources", servers);
}

fn wired(network: &Network, rendered: &mut Rendered) {
    let Network { address, gateway, dns, hostname: _, vlan } = network;
    let mut lines = String::new();
    match address {
        None => lines += "DHCP=yes\n",
        Some((address, prefix)) => {
            lines += &format!("Address={address}/{prefix}\n");
            if let Some(gateway) = gateway {
                lines += &format!("Gateway={gateway}\n");
            }
        }
    }
    for server in dns {
        lines += &format!("DNS={server}\n");
    }
    let mut rest = String::from("\n[Link]\nRequiredForOnline=no\n");
    if address.is_none() {
        // Servers that were given count alone.
        let own_dns = if dns.is_empty() { "yes" } else { "no" };
        rest = format!("\n[DHCPv4]\nUseDNS={own_dns}\nUseDomains=no\n\n[DHCPv6]\nUseDNS={own_dns}\n{rest}");
    }
    // Cables only, not what programs make.
    let matched = "[Match]\nType=ether\nKind=!*\n";
    match vlan {
        None => rendered.public(&format!("{FOLDER}/05-wegovnow.network"), format!("{BY}{matched}\n[Network]\n{lines}{rest}")),
        Some(vlan) => {
            let carrier = "LinkLocalAddressing=no\nLLMNR=no\nIPv6AcceptRA=no";
            rendered.public(
                &format!("{FOLDER}/05-wegovnow.network"),
                format!("{BY}{matched}\n[Network]\nVLAN=town\n{carrier}\n\n[Link]\nRequiredForOnline=no\n"),
            );
            rendered.public(
                &format!("{FOLDER}/05-wegovnow-town.netdev"),
                format!("{BY}[NetDev]\nName=town\nKind=vlan\n\n[VLAN]\nId={vlan}\n"),
            );
            rendered.public(
                &format!("{FOLDER}/06-wegovnow-town.network"),
                format!("{BY}[Match]\nName=town\n\n[Network]\n{lines}{rest}"),
            );
        }
    }
}

/// wpa_supplicant.conf(5). The name is given in base 16, which needs no quoting; a password has none that could end its quotes,
/// for the last quote of the line counts.
fn supplicant(wifi: &Wifi) -> String {
    let key = match &wifi.key {
        None => "key_mgmt=NONE".to_owned(),
        Some(WifiKey::Password(password)) => format!("psk=\"{}\"", password.reveal()),
        Some(WifiKey::Psk(psk)) => format!("psk={}", psk.reveal()),
    };
    let country = wifi.country.as_ref().map(|country| format!("country={country}\n")).unwrap_or_default();
    let hidden = if wifi.hidden { "    scan_ssid=1\n" } else { "" };
    let ssid: String = wifi.ssid.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{BY}ctrl_interface=/run/wpa_supplicant\n{country}network={{\n    ssid={ssid}\n    {key}\n{hidden}}}\n")
}
