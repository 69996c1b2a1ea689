//! Lists of accounts, as operators import them beside the running bot.

use std::fs;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::linking::complained;
use crate::linking::printed;
use crate::linking::settings;
use crate::stage::Stage;

const HEAD: &str = "system,member,kind,external_id";

fn write(stage: &Stage, name: &str, text: &str) {
    fs::write(stage.folder().join(name), text).unwrap();
}

/// Imports with an answer typed at the question; what was printed, and whether it ended well.
async fn answered(stage: &Stage, file: &str, answer: &str) -> (String, bool) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_guildpoints"))
        .args(["link", "import", file, "--config"])
        .arg(stage.config())
        .current_dir(stage.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut terminal = program.stdin.take().unwrap();
    // It may have ended without a question.
    let _ = terminal.write_all(answer.as_bytes()).await;
    drop(terminal);
    let output = program.wait_with_output().await.unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (said, output.status.success())
}

#[tokio::test]
async fn a_list_is_looked_at_confirmed_and_seen_by_the_running_bot_at_the_next_command() {
    let mut stage = Stage::unhurried(settings("")).await;
    let (ming, hong) = (stage.user("小明"), stage.user("小红"));
    let text = format!(
        "\u{feff}System, member ,kind,external_id\r\n\r\n\
         swan.hq,{ming},retail,@retail_20871:corp.example\r\n\
         \"swan.hq\",\"=\"\"{hong}\"\"\",staff,\"@staff_hong:corp.example\"\r\n\
         manta.shop,{ming},LINE,U00aa11bb22cc33dd\r\n\
         swan.hq,{ming},retail,@retail_20871:corp.example\r\n"
    );
    write(&stage, "people.csv", &text);
    for (answer, part) in [("", "没有确认，什么都没有写入"), ("n\n", "没有确认")] {
        let (told, well) = answered(&stage, "people.csv", answer).await;
        assert!(!well && told.contains(part), "{told}");
        assert!(
            told.contains("新绑定 3 · 已经绑定 0 · 文件里重复 1 · 有问题 0"),
            "{told}"
        );
        assert!(
            told.contains("swan.hq：新绑定 2") && told.contains("manta.shop：新绑定 1"),
            "{told}"
        );
        assert_eq!(
            printed(&stage, &["list"]).await.trim(),
            "没有符合条件的记录"
        );
    }
    let (told, well) = answered(&stage, "people.csv", "y\n").await;
    assert!(well && told.contains("已写入 3 个绑定"), "{told}");
    assert!(!told.contains("20871"), "{told}");
    let asked = stage.says("小明", "/绑定");
    let told = stage.hears(asked).await;
    assert!(
        told.contains("swan.hq：已绑定") && told.contains("manta.shop：已绑定"),
        "{told}"
    );
    let again = printed(&stage, &["import", "people.csv", "--yes"]).await;
    assert!(
        again.contains("新绑定 0 · 已经绑定 3") && again.contains("没有新的绑定"),
        "{again}"
    );
    let audit = printed(&stage, &["audit"]).await;
    assert_eq!(audit.matches("运维导入").count(), 3, "{audit}");
    let of_one = printed(&stage, &["list", "--member", &hong.to_string(), "--reveal"]).await;
    assert!(
        of_one.contains("@staff_hong:corp.example") && !of_one.contains("20871"),
        "{of_one}"
    );
    let arguments = [
        "untie",
        "--system",
        "swan.hq",
        "--member",
        &ming.to_string(),
    ];
    let untied = printed(&stage, &arguments).await;
    assert!(
        untied.contains("已解除") && !untied.contains("20871"),
        "{untied}"
    );
    let asked = stage.says("小明", "/绑定 swan.hq");
    let told = stage.hears(asked).await;
    assert!(told.contains("还没有绑定"), "{told}");
    assert!(
        complained(&stage, &arguments)
            .await
            .contains("没有绑定账号")
    );
    stage.finish().await;
}

#[tokio::test]
async fn every_bad_line_is_named_and_nothing_is_written() {
    let mut stage = Stage::unhurried(settings("")).await;
    let (ming, hong) = (stage.user("小明"), stage.user("小红"));
    write(
        &stage,
        "good.csv",
        &format!("{HEAD}\nswan.hq,{ming},retail,@retail_1:corp.example"),
    );
    printed(&stage, &["import", "good.csv", "--yes"]).await;
    let fresh = 223_456_789_012_400_001_u64;
    let text = format!(
        "{HEAD}\n\
         goose.hq,{hong},retail,@retail_2:corp.example\n\
         swan.hq,小红,retail,@retail_2:corp.example\n\
         swan.hq,2.23E+17,retail,@retail_2:corp.example\n\
         swan.hq,{hong},line,@retail_2:corp.example\n\
         swan.hq,{hong},retail,retail_canary:corp.example\n\
         swan.hq,{hong},retail\n\
         swan.hq,{ming},retail,@retail_9:corp.example\n\
         swan.hq,{hong},retail,@retail_1:corp.example\n\
         swan.hq,{fresh},retail,@retail_3:corp.example\n\
         swan.hq,{fresh},retail,@retail_4:corp.example\n\
         swan.hq,{other},retail,@retail_3:corp.example\n\
         swan.hq,{hong},retail,\"@retail_5",
        other = fresh + 2,
    );
    write(&stage, "bad.csv", &text);
    for arguments in [&["import", "bad.csv"][..], &["import", "bad.csv", "--yes"]] {
        let told = complained(&stage, arguments).await;
        for part in [
            "有问题 11",
            "第 2 行：没有设置系统“goose.hq”。请写其中之一：swan.hq, swan.shop, manta.shop",
            "第 3 行：“小红”不是成员的长 ID",
            "第 4 行：“2.23E+17”被表格软件改成了小数",
            "第 5 行：没有账号种类“line”。请写其中之一：staff, retail",
            "第 6 行：读到账号“ret…ple”，不是 retail 的写法，应当像 @retail_1:corp.example",
            "第 7 行：有 3 个字段",
            &format!("第 8 行：成员 {ming} 在 swan.hq 已经绑定了另一个账号"),
            &format!("已经绑定给成员 {ming}。删去这一行，或先运行 guildpoints link untie"),
            "第 11 行：",
            "与第 10 行不同",
            "第 12 行：swan.hq 的这个账号在第 10 行给了别的成员",
            "第 13 行：引号没有关闭",
            "请先改正上面这些行再导入，什么都没有写入",
        ] {
            assert!(told.contains(part), "{part}:\n{told}");
        }
        assert!(!told.contains("canary"), "{told}");
    }
    let revealed = complained(&stage, &["import", "bad.csv", "--reveal"]).await;
    assert!(
        revealed.contains("retail_canary:corp.example"),
        "{revealed}"
    );
    for (text, part) in [
        ("", "文件是空的"),
        ("swan.hq,1,retail,x\n", "不是表头"),
        ("system,member,kind\n", "不是表头"),
    ] {
        write(&stage, "head.csv", text);
        assert!(
            complained(&stage, &["import", "head.csv", "--yes"])
                .await
                .contains(part)
        );
    }
    fs::write(stage.folder().join("gbk.csv"), [0xd0, 0xa1, 0xc3, 0xf7]).unwrap();
    assert!(
        complained(&stage, &["import", "gbk.csv"])
            .await
            .contains("不是 UTF-8")
    );
    let listed = printed(&stage, &["list"]).await;
    assert_eq!(listed.matches("swan.hq").count(), 1, "{listed}");
    let asked = stage.says("小红", "/绑定 swan.hq");
    assert!(stage.hears(asked).await.contains("还没有绑定"));
    stage.finish().await;
}
